"""The frame around every scene: options, the world, its claims, and what is shown when it
fails."""

import argparse
import pathlib

from lab.gateway import VALGRIND
from lab.process import LabError
from lab.screen import Screen

from .world import World


class Claims:
    """What a scene claims, shown one by one, and how many did not hold."""

    def __init__(self, world, screen):
        self.world, self.screen = world, screen
        self.failures = 0

    def claim(self, holds, text):
        if holds:
            self.screen.good(text)
        else:
            self.failures += 1
            self.screen.bad(text)

    def last_word(self, good):
        """The end: GOOD, if all of them held."""
        self.screen.heading("The end")
        if self.failures == 0:
            self.screen.good(good)
        else:
            self.screen.bad(f"{self.failures} of the claims above do not hold")


def perform(name, scene, more_zones=()):
    """Play SCENE(world, screen), which gives the number of failures; the exit status."""
    parser = argparse.ArgumentParser(prog=name)
    parser.add_argument("--lab", type=pathlib.Path, required=True)
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--chat", required=True)
    parser.add_argument("--dna", required=True)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--valgrind", action="store_true")
    options = parser.parse_args()
    screen = Screen(options.verbose)
    world = World(options.lab, {"gateway": options.gateway, "chat": options.chat,
                                "dna": options.dna}, more_zones,
                  VALGRIND if options.valgrind else ())
    failures = 1
    try:
        failures = scene(world, screen)
    except LabError as error:
        screen.line()
        screen.bad(str(error))
        if error.log:
            screen.tail(error.log)
    except KeyboardInterrupt:
        screen.line("\n  interrupted")
    finally:
        world.stop()
        for text, log in world.bad_ends:
            screen.bad(text)
            screen.tail(log)
        if options.keep:
            world.keep(options.keep)
            screen.line(f"\n  logs, zones and configurations: {options.keep}", "dim")
    return 1 if failures or world.bad_ends else 0
