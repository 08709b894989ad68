"""A service that counts marbles in jars: the smallest business that needs all the ledger offers."""

from tests.shared.toy.domain import TOY, Give, Jar, Keep, Put, PutBack, Take

__all__ = ["TOY", "Give", "Jar", "Keep", "Put", "PutBack", "Take"]
