"""Threads that compute side by side."""

import contextlib
import threading
import time

import torch

from acutance.models.torch_scorer import ComputeThreads


def test_results_come_in_the_order_of_the_items():
    with ComputeThreads(on_cpu=True) as threads:
        assert threads.run(lambda item: item * 2, [3, 1, 2]) == [6, 2, 4]


def test_shares_hold_every_item_once_and_in_order():
    with ComputeThreads(on_cpu=True) as threads:
        shares = threads.shares(list(range(7)))
        assert [item for share in shares for item in share] == list(range(7))
        assert len(shares) <= threads.size


def test_several_items_are_worked_on_without_threads_inside_operations():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with ComputeThreads(on_cpu=True) as threads:
            assert threads.run(lambda _: torch.get_num_threads(), [0, 1]) == [1, 1]
    finally:
        torch.set_num_threads(before)


def test_a_single_item_is_worked_on_by_all_threads():
    with ComputeThreads(on_cpu=True) as threads:
        assert threads.run(lambda _: threading.current_thread(), [0]) == [threading.main_thread()]


def test_nothing_is_recorded_for_gradients():
    weight = torch.ones(2, requires_grad=True)
    with ComputeThreads(on_cpu=True) as threads:
        results = threads.run(lambda item: weight * item, [1, 2])
    assert not any(result.requires_grad for result in results)


def test_threads_started_afterwards_have_as_many_threads_as_before():
    before = torch.get_num_threads()
    with ComputeThreads(on_cpu=True) as threads:
        threads.run(lambda item: item, [1, 2])
    seen = []
    thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert seen == [before] == [torch.get_num_threads()]


def test_a_fault_of_one_item_is_raised():
    with ComputeThreads(on_cpu=True) as threads:
        try:
            threads.run(lambda item: 1 // item, [1, 0])
        except ZeroDivisionError:
            return
    raise AssertionError("nothing was raised")


def test_the_number_of_threads_is_put_back_when_the_last_of_several_threads_goes():
    before = torch.get_num_threads()
    first, second = ComputeThreads(on_cpu=True), ComputeThreads(on_cpu=True)
    with second:
        with first:
            first.run(lambda item: item, [1, 2])
        second.run(lambda item: item, [1, 2])
    seen = []
    thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert seen == [before]


def test_a_fault_of_one_item_does_not_wait_for_another():
    before, go_on = torch.get_num_threads(), threading.Event()
    torch.set_num_threads(2)
    began = time.monotonic()
    try:
        with ComputeThreads(on_cpu=True) as threads, contextlib.suppress(ZeroDivisionError):
            threads.run(lambda item: go_on.wait(timeout=60) if item else 1 // item, [0, 1])
    finally:
        torch.set_num_threads(before)
    waited = time.monotonic() - began
    go_on.set()
    assert waited < 30
