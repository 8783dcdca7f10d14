"""Commands whose work needs qlib: their modules are light, so that other commands do not wait for its import."""
