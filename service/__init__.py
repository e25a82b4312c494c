"""Everything around the rules that people and programs touch; so far the command line."""
