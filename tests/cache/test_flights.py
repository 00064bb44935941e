"""Flights.once: who asks while somebody is asking waits for that answer"""

import asyncio

import pytest

from pfpkit.cache.flights import Flights


class Question:
    """A question that is answered when the test says so."""

    def __init__(self, answer="answer"):
        self.asked = 0
        self.ended = 0
        self.go = asyncio.Event()
        self._answer = answer

    async def __call__(self):
        self.asked += 1
        try:
            await self.go.wait()
        finally:
            self.ended += 1
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


async def started(flights, question, count, key="key"):
    tasks = [asyncio.create_task(flights.once(key, question)) for _ in range(count)]
    await asyncio.sleep(0.01)
    return tasks


def test_once__when_many_ask__one_question():
    """Twenty wait for one answer; who comes afterwards asks again."""

    async def story():
        flights, question = Flights(), Question()
        waiting = await started(flights, question, 20)
        assert question.asked == 1
        question.go.set()
        assert await asyncio.gather(*waiting) == ["answer"] * 20
        assert await flights.once("key", question) == "answer"
        assert question.asked == 2

    asyncio.run(story())


def test_once__of_two_keys__two_questions():
    """One key does not wait for another."""

    async def story():
        flights, slow, quick = Flights(), Question(), Question("quick")
        (waiting,) = await started(flights, slow, 1, "slow")
        quick.go.set()
        assert await flights.once("quick", quick) == "quick"
        slow.go.set()
        assert await waiting == "answer"

    asyncio.run(story())


def test_once__when_it_fails__all_see_it_and_the_next_asks_again():
    """A failure is everybody's, and nobody's afterwards."""

    async def story():
        flights, question = Flights(), Question(ValueError("no"))
        waiting = await started(flights, question, 3)
        question.go.set()
        failures = await asyncio.gather(*waiting, return_exceptions=True)
        assert [str(failure) for failure in failures] == ["no"] * 3
        with pytest.raises(ValueError, match="no"):
            await flights.once("key", question)
        assert question.asked == 2

    asyncio.run(story())


def test_once__when_the_first_goes__others_get_the_answer():
    """Who asked first may leave: the question is not theirs alone."""

    async def story():
        flights, question = Flights(), Question()
        first, *others = await started(flights, question, 3)
        first.cancel()
        await asyncio.sleep(0.01)
        question.go.set()
        assert await asyncio.gather(*others) == ["answer"] * 2
        assert (question.asked, first.cancelled()) == (1, True)

    asyncio.run(story())


def test_once__when_all_go__question_ends_and_the_next_asks_anew():
    """Nobody waits, so nothing is asked; who comes then is not handed a cancelled answer."""

    async def story():
        flights, question = Flights(), Question()
        waiting = await started(flights, question, 2)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        again = asyncio.create_task(flights.once("key", question))
        await asyncio.sleep(0.01)
        assert (question.asked, question.ended) == (2, 1)
        question.go.set()
        assert await again == "answer"

    asyncio.run(story())
