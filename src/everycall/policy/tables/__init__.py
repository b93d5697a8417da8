"""Decision tables: a policy as a chief reads it, in the terminal and as a page; reads policies, changes nothing."""
