"""A measurement that cannot be believed, or not be made."""


class MeasurementFailed(Exception):
    """The sentence says what went wrong; nothing is written."""
