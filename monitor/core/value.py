"""Values that every event makes several of."""


class Value:
    """Equal where all fields are; never changed once it is made.

    Compiled, its fields stand at fixed places: making one takes a tenth of what a NamedTuple takes, reading a field
    less. Values that others must take apart, as libraries do that store them, are NamedTuples.
    """

    def fields(self) -> tuple[object, ...]:
        """All of them, in order."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.fields() == other.fields()

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.fields()!r}"
