"""Programs that `bench.helper.Helper` starts, each in a process of its own."""
