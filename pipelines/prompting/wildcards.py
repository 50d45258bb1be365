"""Wildcards and variants become words: `__animals__`, `{red|blue}`, `{2$$a|b|c}`, `${x={a|b}}`, chosen by the seed.

The language is that of Dynamic Prompts, whose own parser reads it; jinja2 templates are none of it. Prompts come from
strangers, and wildcards may name one another, so that a short prompt can mean an endless text: all is counted.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from random import Random

import pyparsing
from dynamicprompts.commands import Command, LiteralCommand, VariantCommand, WildcardCommand
from dynamicprompts.commands.variable_commands import VariableAccessCommand
from dynamicprompts.enums import SamplingMethod
from dynamicprompts.parser.parse import parse
from dynamicprompts.samplers.random import RandomSampler
from dynamicprompts.sampling_context import SamplingContext
from dynamicprompts.sampling_result import SamplingResult
from dynamicprompts.types import ResultGen
from dynamicprompts.utils import choose_without_replacement
from dynamicprompts.wildcards import WildcardManager

from pipelines.errors import RequestError
from pipelines.prompting.wildcard_files import Wildcard, matching
from pipelines.prompting.wildcard_text import HIDE, WRAP, depth, hidden, is_dynamic, shown

BRACES_MAX = 16  # inside one another
NESTED_MAX = 16  # wildcards that name wildcards
CHOICES_MAX = 4000  # of one prompt
MARKS_MAX = 1000  # of a text: each costs the parser about a millisecond
MARKS_IN_ALL_MAX = 12_000  # of all texts of a request
AT_ONCE_MAX = 32  # values that one place takes
CHARACTERS_MAX = 40_000  # that are put together; how long a prompt may be is the request's to say
REMEDY = "Take it out of the prompt, or make its values simpler."
# The parser is one for the process, and at its first calls finds out how many arguments its functions take: two threads
# at once would have it count too far, and then no variant could be read until the next start.
ONE_READS = threading.Lock()


class TooMuch(Exception):
    """What would become of a prompt is endless or too large; says why."""


class Expander:
    """For the pictures of one request. `known`: the wildcards that there are, by name."""

    def __init__(self, known: Mapping[str, Wildcard]) -> None:
        self._known = known
        self._found: dict[str, Wildcard | None] = {}
        self._commands: dict[str, Command] = {}
        self._marks = 0
        # Names that look like wildcards and are none, in their order.
        self.missing: dict[str, None] = {}

    def expand(self, field: str, text: str, seed: int) -> str:
        """The words, always the same for a seed; what cannot be read as variants stays as it is.

        Raises RequestError of this field that names the wildcard that grows too large.
        """
        if not is_dynamic(text):
            return text
        chooser = _Chooser(self, Random(seed))
        try:
            command = self.command(text)
            return text if command is None else shown(chooser.words(command))
        except TooMuch as error:
            raise RequestError(field, text, str(error), REMEDY) from None
        except RecursionError:
            why = f"{chooser.place} leads to itself"
            raise RequestError(field, text, why, REMEDY) from None
        except (ValueError, IndexError, RuntimeError):  # weights of nothing, choices of none
            return text

    def command(self, text: str) -> Command | None:
        """The text, read; None: it is no sentence of this language. Raises TooMuch."""
        if text not in self._commands:
            plain, missing = hidden(text, lambda name: self.find(name) is not None)
            self.missing |= dict.fromkeys(missing)
            if not is_dynamic(plain) and "#" not in plain and "$" not in plain:
                self._commands[text] = LiteralCommand(plain)
                return self._commands[text]
            if depth(plain) > BRACES_MAX:
                raise TooMuch(f"has more than {BRACES_MAX} braces inside one another")
            self._count(plain)
            try:
                with ONE_READS:
                    self._commands[text] = parse(plain)
            except (pyparsing.ParseBaseException, ValueError):
                return None
        return self._commands[text]

    def _count(self, plain: str) -> None:
        marks = sum(map(plain.count, ("{", "|", WRAP)))
        self._marks += marks
        if marks > MARKS_MAX:
            raise TooMuch(f"has more than {MARKS_MAX:,} variants")
        if self._marks > MARKS_IN_ALL_MAX:
            raise TooMuch(f"is one of too many texts with {MARKS_IN_ALL_MAX:,} variants in all")

    def find(self, name: str) -> Wildcard | None:
        """What a name or a pattern means."""
        if name not in self._found:
            self._found[name] = matching(name, self._known)
        return self._found[name]


class _Chooser(RandomSampler):
    """Chooses for one prompt, and counts what it does."""

    def __init__(self, expander: Expander, dice: Random) -> None:
        self._expander = expander
        self._context = SamplingContext(
            default_sampling_method=SamplingMethod.RANDOM,
            wildcard_manager=WildcardManager(),
            samplers=dict.fromkeys(SamplingMethod, self),
            rand=dice,
        )
        self._within: list[str] = []  # wildcards, the outermost first
        self._variable = ""
        self._choices = self._characters = 0

    def words(self, command: Command) -> str:
        return next(iter(self._context.generator_from_command(command))).text

    @property
    def place(self) -> str:
        """What is to blame, in words."""
        if self._within:
            return f'the wildcard "{self._within[0]}"'
        return f'the variable "{self._variable}"' if self._variable else "what stands in braces"

    def generator_from_command(self, command: Command, context: SamplingContext) -> ResultGen:
        self._choices += 1
        if isinstance(command, LiteralCommand):
            self._characters += len(command.literal)
        if self._choices > CHOICES_MAX:
            raise TooMuch(f"{self.place} makes more than {CHOICES_MAX:,} choices")
        if self._characters > CHARACTERS_MAX:
            raise TooMuch(f"{self.place} becomes longer than {CHARACTERS_MAX:,} characters")
        return super().generator_from_command(command, context)

    def _get_wildcard(self, command: WildcardCommand, context: SamplingContext) -> ResultGen:
        yield from self._values(command, context, (1, 1), "")

    def _get_variant(self, command: VariantCommand, context: SamplingContext) -> ResultGen:
        bounds = (command.min_bound, command.max_bound)
        only = command.values[0] if len(command.values) == 1 else None
        if isinstance(only, WildcardCommand):
            yield from self._values(only, context, bounds, command.separator)
            return
        if min(command.max_bound, len(command.values)) > AT_ONCE_MAX:
            raise TooMuch(f"takes more than {AT_ONCE_MAX} of its variants at once")
        yield from super()._get_variant(command, context)

    def _get_variable(self, command: VariableAccessCommand, context: SamplingContext) -> ResultGen:
        self._variable = command.name
        if command.name not in context.variables and command.default is None:
            return self._get_literal(
                LiteralCommand(f"${{{command.name}}}".translate(HIDE)), context
            )
        return super()._get_variable(command, context)

    def _values(
        self,
        command: WildcardCommand,
        context: SamplingContext,
        bounds: tuple[int, int],
        separator: str,
    ) -> ResultGen:
        """So many values of a wildcard as the bounds say, or its own name where it has none."""
        name = self._name(command, context)
        wildcard = self._expander.find(name)
        if wildcard is None:
            yield SamplingResult(f"{WRAP}{name}{WRAP}".translate(HIDE))
            return
        if len(self._within) >= NESTED_MAX:
            leads = "leads to itself" if name in self._within else "is nested too deeply"
            raise TooMuch(f"{self.place} {leads}")
        context = context.with_variables(command.variables)
        low, high = (min(bound, len(wildcard.values)) for bound in bounds)
        if high > AT_ONCE_MAX:
            raise TooMuch(f'takes more than {AT_ONCE_MAX} values of "{name}" at once')
        while True:
            self._within.append(name)
            parts = [
                self._one(text, context) for text in _picked(wildcard, low, high, context.rand)
            ]
            self._within.pop()
            yield SamplingResult.joined(parts, separator=separator) if parts else SamplingResult("")

    def _name(self, command: WildcardCommand, context: SamplingContext) -> str:
        if isinstance(command.wildcard, str):
            return shown(command.wildcard).strip()
        return shown(next(iter(context.generator_from_command(command.wildcard))).text).strip()

    def _one(self, text: str, context: SamplingContext) -> SamplingResult:
        """A value, which may hold variants and wildcards itself."""
        command = self._expander.command(text)
        if command is None:
            command = LiteralCommand(text.translate(HIDE))
        return next(iter(context.generator_from_command(command)))


def _picked(wildcard: Wildcard, low: int, high: int, dice: Random) -> list[str]:
    """Values by lot, in the way of Dynamic Prompts, so that a seed means the same there and here."""
    texts = [text for text, _ in wildcard.values]
    weights = [weight for _, weight in wildcard.values]
    if (low, high) != (1, 1):
        count = dice.randint(low, high)
        return choose_without_replacement(texts, weights=weights, num_choices=count, rand=dice)
    return [dice.choices(texts, weights)[0] if wildcard.is_weighted else dice.choice(texts)]
