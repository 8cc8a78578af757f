"""Who the user is and which server is the right one: keys, profiles, trust, credentials."""
