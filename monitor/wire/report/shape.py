"""What the parts of the report share: how a model is made, and figures that occur in several of them."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

Percent = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Money = dict[str, str]
"""By currency; decimal, two places."""

# A later release may add fields; readers of this one pass over them.
_CONFIG: Final = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)


class Model(BaseModel):
    """A part of the report."""

    model_config = _CONFIG


class ShareData(Model):
    """How many of those judged were met."""

    met: Count = Field(description="Met.")
    judged: Count = Field(description="Met or breached; what was cancelled, or is open, is not judged.")
    percent: Percent | None = Field(description="100 x met / judged, cut off after two places; null: none was judged.")


class NamedShareData(ShareData):
    """The same for one value of a field."""

    name: str = Field(description="The value; empty: none was known. It comes from outside: escape it where shown.")


class OthersShareData(ShareData):
    """The same for all values beyond the limit, together."""

    names: Count = Field(description="How many they are.")


class CountData(Model):
    """How many there are of something."""

    name: str = Field(description="What is counted.")
    count: Count = Field(description="How many.")
