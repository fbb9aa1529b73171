"""Servers as a queue sees them: requests of one item arrive, wait, and share passes whose cost was measured. Standard library only.

The rule of batching is the server's own (Sources/CLIPEngine/Batching/BatchPlanner.swift): a pass begins as soon as a thread is
idle and something waits; that captions may wait for clients that come back at once is left out. It takes no more than a limit;
few items are computed by all idle threads together, many are divided among them; clients take turns. Everything before a pass
(reading, decoding, tokenising) and behind it delays each request by a time of its own, and takes as much from the passes that
run meanwhile.

Run as a program it is held against Pollaczek and Khinchine's formula for one thread and passes of one item.
"""

from __future__ import annotations

import bisect
import collections
import dataclasses
import heapq
import itertools
import math
import random
import statistics
import sys
from collections.abc import Callable, Iterator

Points = dict[int, float]


def between(points: Points, place: float) -> float:
    """The value at a place between measured ones, or beyond them, on straight lines."""
    places = sorted(points)
    if len(places) == 1:
        return points[places[0]] * place / places[0]
    right = min(max(bisect.bisect_left(places, place), 1), len(places) - 1)
    first, last = places[right - 1], places[right]
    return points[first] + (points[last] - points[first]) * (place - first) / (last - first)


@dataclasses.dataclass(frozen=True)
class Costs:
    """What was measured of one scenario: seconds of a pass by items, with one thread and with all, and seconds beside passes."""

    threads: int
    one_thread: Points
    all_threads: Points
    beside: float
    weight: int  # of an item
    limit: int  # of a pass

    def seconds(self, items: int, threads: int) -> float:
        alone, together = between(self.one_thread, items), between(self.all_threads, items)
        if threads == 1 or self.threads == 1:
            return alone if threads == 1 else together
        # Between one thread and all, as much quicker by each thread.
        return alone / (1 + (alone / together - 1) * (threads - 1) / (self.threads - 1))


@dataclasses.dataclass
class Request:
    client: str
    arrival: float
    ready: float = 0


class Machine:
    """One server."""

    def __init__(self, costs: Costs, takes_turns: bool = True) -> None:
        self.costs, self.takes_turns = costs, takes_turns
        self.idle = costs.threads
        self.waiting: collections.OrderedDict[str, collections.deque[Request]] = collections.OrderedDict()
        self.count = 0  # that wait
        self.in_hand = 0  # that have arrived and are not answered
        self.passes, self.items = 0, 0

    def add(self, request: Request) -> None:
        self.waiting.setdefault(request.client if self.takes_turns else "", collections.deque()).append(request)
        self.count += 1

    def start(self, now: float) -> Iterator[tuple[float, int, list[Request]]]:
        """The passes that begin now: when each ends, by how many threads, of which requests."""
        while self.idle and self.count:
            weight, idle = self.count * self.costs.weight, self.idle
            threads = 1
            if idle > 1 and weight <= self.costs.limit and self.count < 2 * idle and self.count % idle:
                threads = idle
            taken = self.take(self.costs.limit if threads > 1 else math.ceil(weight / idle))
            self.idle -= threads
            self.passes, self.items = self.passes + 1, self.items + len(taken)
            # Of those that had to wait, the work beside passes was done while others were computed.
            waited = sum(request.ready < now for request in taken)
            seconds = self.costs.seconds(len(taken), threads) + waited * self.costs.beside / self.costs.threads
            yield now + seconds, threads, taken

    def take(self, enough: int) -> list[Request]:
        """Items in the order of turns, until they weigh enough or reach the limit of a pass."""
        taken: list[Request] = []
        whole_turn, turn = self.costs.limit // len(self.waiting), 0
        while self.waiting:
            weight = len(taken) * self.costs.weight
            client = next(iter(self.waiting))
            if taken and (weight >= enough or weight + self.costs.weight > self.costs.limit):
                if turn:
                    self.waiting.move_to_end(client)
                break
            own = self.waiting[client]
            taken.append(own.popleft())
            turn += self.costs.weight
            if not own:
                del self.waiting[client]
                turn = 0
            elif turn >= whole_turn:
                self.waiting.move_to_end(client)
                turn = 0
        self.count -= len(taken)
        return taken


# MARK: Arrivals and balancers


def poisson(rate: float, count: int, seed: str, clients: tuple[str, ...] = ("one",)) -> Iterator[Request]:
    """Requests that know nothing of each other, so many a second, of clients drawn by chance."""
    numbers, now = random.Random(seed), 0.0
    for _ in range(count):
        now += numbers.expovariate(rate)
        yield Request(numbers.choice(clients), now)


Balancer = Callable[[list[Machine]], Machine]


def by_chance(seed: str) -> Balancer:
    return random.Random(seed).choice


def by_turns(seed: str) -> Balancer:
    turns = itertools.count()
    return lambda machines: machines[next(turns) % len(machines)]


def by_least(seed: str) -> Balancer:
    """To the machine with the fewest requests in hand; among equals, by chance."""
    numbers = random.Random(seed)

    def choose(machines: list[Machine]) -> Machine:
        least = min(machine.in_hand for machine in machines)
        return numbers.choice([machine for machine in machines if machine.in_hand == least])

    return choose


BALANCERS = {"random": by_chance, "round robin": by_turns, "least connections": by_least}

# MARK: Events


def latencies(
    machines: list[Machine], arrivals: Iterator[Request], choose: Balancer, flood: tuple[str, int] | None = None
) -> dict[str, list[float]]:
    """Seconds from arrival to answer, by client, in the order of answers; the first twentieth is left out.

    A flood is a client that keeps so many requests in hand for as long as others arrive.
    """
    order, events = itertools.count(), []
    found: dict[str, list[float]] = collections.defaultdict(list)
    open_for_others = True

    def arrive(request: Request) -> None:
        machine = choose(machines)
        machine.in_hand += 1
        request.ready = request.arrival + machine.costs.beside
        heapq.heappush(events, (request.ready, next(order), machine, 0, [request]))

    def next_arrival() -> None:
        nonlocal open_for_others
        request = next(arrivals, None)
        if request is None:
            open_for_others = False
        else:
            heapq.heappush(events, (request.arrival, next(order), None, 0, [request]))

    for _ in range(flood[1] if flood else 0):
        arrive(Request(flood[0], 0))
    next_arrival()
    while events:
        now, _, machine, threads, requests = heapq.heappop(events)
        if machine is None:  # a request has arrived
            arrive(requests[0])
            next_arrival()
            continue
        if threads == 0:  # a request is ready for a pass
            machine.add(requests[0])
        else:  # a pass has ended
            machine.idle += threads
            machine.in_hand -= len(requests)
            for request in requests:
                found[request.client].append(now - request.arrival)
                if flood and request.client == flood[0] and open_for_others:
                    arrive(Request(flood[0], now))
        for end, several, taken in machine.start(now):
            heapq.heappush(events, (end, next(order), machine, several, taken))
    return {client: values[len(values) // 20 :] for client, values in found.items()}


def capacity(costs: Costs, count: int = 4000) -> float:
    """Requests a second when there is always something waiting."""
    machine = Machine(costs)
    for _ in range(count):
        machine.add(Request("one", 0, -1))
    running = [(end, threads) for end, threads, _ in machine.start(0)]
    heapq.heapify(running)
    now = 0.0
    while running:
        now, threads = heapq.heappop(running)
        machine.idle += threads
        for end, several, _ in machine.start(now):
            heapq.heappush(running, (end, several))
    return count / now


# MARK: Against theory


def main() -> None:
    seconds = 0.01
    costs = Costs(threads=1, one_thread={1: seconds}, all_threads={1: seconds}, beside=0, weight=1, limit=1)
    for load in (0.5, 0.7, 0.9):
        found = statistics.mean(latencies([Machine(costs)], poisson(load / seconds, 200_000, "theory"), by_turns(""))["one"])
        expected = seconds * (1 + load / 2 / (1 - load))
        print(f"{100 * load:.0f} %: {found * 1e3:.2f} ms in the mean, {expected * 1e3:.2f} by theory")
        if not 0.93 < found / expected < 1.07:
            sys.exit("the simulation is wrong")


if __name__ == "__main__":
    main()
