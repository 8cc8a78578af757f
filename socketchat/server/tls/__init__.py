"""TLS: the certificate, and records that are decrypted and metered one by one."""
