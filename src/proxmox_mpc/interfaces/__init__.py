"""How people reach it: parse, confirm, print, stream. No decisions; faces do not know each other."""
