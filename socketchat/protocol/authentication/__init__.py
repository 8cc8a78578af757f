"""What proves who somebody is: keys, passwords, join codes and certificates, as data."""
