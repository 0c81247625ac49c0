from tests.running import demo

__all__ = ["demo"]
