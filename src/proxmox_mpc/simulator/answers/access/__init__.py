"""/access: users, groups, roles, tokens, realms, permissions, tickets."""
