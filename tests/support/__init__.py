"""What the tests build their worlds from: wheels, indexes, environments."""
