"""What a benchmark is told."""

from dataclasses import dataclass

from rich.console import Console


@dataclass(frozen=True)
class Options:
    """`quick` measures less: enough to see that it works, too little to compare with."""

    console: Console
    quick: bool = False

    def say(self, sentence: str) -> None:
        self.console.print(sentence)
