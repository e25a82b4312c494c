"""The commands of `kaohe`, one module for those that belong together."""
