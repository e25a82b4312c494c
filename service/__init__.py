"""Everything around the rules that people and programs touch: the command line and the HTTP service."""
