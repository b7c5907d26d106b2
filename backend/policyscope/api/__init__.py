"""The web side: parse, call a service, dump. No numbers are made here."""
