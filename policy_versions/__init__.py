"""The policy versions that come with kaohe: one directory of YAML files each, by city and assessed year."""
