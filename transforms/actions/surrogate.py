"""surrogate: a made-up value of the same look in place of the true one."""

from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from beam_deid.transforms.actions.action import Bound, Documented, KeySource, Target, Treated, names_of
from beam_deid.transforms.actions.attack import KeylessAttack
from beam_deid.transforms.actions.key_options import KeyedAction
from beam_deid.transforms.actions.surrogates import SUBSTITUTES
from beam_deid.transforms.actions.surrogates.substitute import Substitute
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.distinct import per_distinct
from beam_deid.transforms.columns.keyed_hash import KeyedHash
from beam_deid.transforms.errors import UsageError

if TYPE_CHECKING:
    Thing = str
else:
    Thing = Literal[tuple(SUBSTITUTES)]

_SEED = 20_250_101


class Surrogate(KeyedAction):
    """Replace a value by one of a pool that Faker makes; a keyed hash (AES-CMAC) of the value picks.

    Equal values have equal surrogates in one domain; different values may share one, the more the smaller the pool.
    The pool is drawn from a fixed seed, so all workers have the same one. **Another version of Faker draws another
    pool**, and so other bytes come out: pin it where outputs must stay equal. A surrogate may by chance be a real
    person's name or number. Null stays null, empty text empty.
    """

    name: ClassVar[str] = "surrogate"
    documented: ClassVar[tuple[Documented, ...]] = (
        Documented(
            "surrogate",
            f"a made-up value, the same for equal values: {names_of(SUBSTITUTES.values())}",
            "`keyed`",
            "no",
        ),
    )
    normalizes: ClassVar[bool] = True
    attacks: ClassVar[tuple[KeylessAttack, ...]] = (KeylessAttack.FREQUENCY, KeylessAttack.SURROGATES)

    of: Thing | None = Field(None, description="What to make up; from the field's kind if not given")
    locale: str = Field("zh_CN", description="Faker's name of the language and country")
    pool: int = Field(10_000, ge=1, le=1_000_000, description="How many values to draw")

    def check(self, target: Target) -> str | None:
        """Whether it is known what to make up, in a locale that Faker has."""
        if self._substitute(target) is None:
            return f"it is not known what to make up here; say of: {', '.join(SUBSTITUTES)}"
        from faker.config import AVAILABLE_LOCALES

        if self.locale not in AVAILABLE_LOCALES:
            return "Faker has no such locale; write it like zh_CN or en_US"
        return None

    def sentence(self, target: Target) -> str:
        """What is made up, and in which domain."""
        substitute = self._substitute(target)
        what = "value" if substitute is None else substitute.name
        return f"{target.field} is replaced by a made-up {what} that a key picks, domain {self.domain_of(target)}"

    def bind(self, target: Target, keys: KeySource, level: int | None = None) -> Bound:
        """Fetch the subkey and fill the pool, once in a process.

        Raises:
            KeyFault: A key is missing, unreadable or too short.
            UsageError: `check` would have found something.
        """
        substitute = self._substitute(target)
        problem = self.check(target)
        if substitute is None or problem:
            raise UsageError(problem or "nothing to make up", f"release {target.release}, field {target.field}")
        hashed = self.keyed_hash(target, keys)
        pool = _pool(substitute.name, self.locale, self.pool)

        def bound(column: pa.Array, subject: pa.Array | None) -> Treated:
            return Treated(per_distinct(column, lambda values: _picked(canonical_text(values), hashed, pool)))

        return bound

    def _substitute(self, target: Target) -> Substitute | None:
        """The substitute that is named, or that the field's kind implies."""
        if self.of is not None:
            return SUBSTITUTES[self.of]
        return None if target.kind is None else SUBSTITUTES.get(target.kind.surrogate)


def _picked(texts: pa.Array, hashed: KeyedHash, pool: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(texts, ""), "", pool.take(pa.array(hashed.numbers(texts, len(pool)))))


@lru_cache(maxsize=16)
def _pool(name: str, locale: str, size: int) -> pa.Array:
    from faker import Faker

    faker = Faker(locale)
    faker.seed_instance(_SEED)
    draw = SUBSTITUTES[name].draw
    return pa.array([" ".join(draw(faker).split()) for _ in range(size)], pa.string())
