"""Tasks that go wrong; in a module of their own, which a worker imports in no time."""

import os
import time


def die_of_three(number):
    if number == 3:
        os.kill(os.getpid(), 9)
    return number * number


def hang_on_one(number):
    if number == 1:
        time.sleep(600)
    return number
