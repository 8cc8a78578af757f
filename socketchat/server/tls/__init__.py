"""TLS: the certificate, and records, which are decrypted and counted one by one."""
