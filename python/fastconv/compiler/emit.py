"""emit: the finished graph as a plan description, for the device to build."""

from __future__ import annotations

from typing import Any

from fastconv import primitives
from fastconv.compiler.place import Copy, Placement, is_view
from fastconv.graph import Graph, Node, Symbol
from fastconv.runtime.plan import PlanDescription, Slot, Step


def emit(graph: Graph, placement: Placement, choices: dict[Node, Any]) -> PlanDescription:
    """Slots and steps of the plan."""
    return _Emitter(graph, placement, choices).emit()


class _Emitter:
    def __init__(self, graph: Graph, placement: Placement, choices: dict[Node, Any]) -> None:
        self.graph = graph
        self.placement = placement
        self.choices = choices
        self.slots: list[Slot] = []
        self.slot_of: dict[Symbol, int] = {}
        self.variable_slots: dict[int, int] = {}
        self.steps: list[Step] = []

    def emit(self) -> PlanDescription:
        for symbol in self.graph.inputs:
            self.slot_of[symbol] = self._add("feed", symbol)
        output_slots = [self._add("output", symbol) for symbol in self.graph.outputs]
        for i in reversed(range(len(output_slots))):
            symbol = self.graph.outputs[i]
            home = self.placement.homes[symbol]
            if home.region == "output" and home.symbol is symbol:  # not a view of another output
                self.slot_of[symbol] = output_slots[i]
        for part, nodes in (("prologue", self.placement.prologue), ("step", self.placement.step)):
            for node in nodes:
                if not is_view(node):
                    self._step(part, node, [self._slot(s) for s in node.outputs])
        for copy in self.placement.output_copies:
            self._copy("step", copy, output_slots[copy.target])
        targets = {symbol: variable for variable, symbol in self.graph.effects}
        for node in self.placement.closing:
            self._step("closing", node, [self._variable_slot(targets[s]) for s in node.outputs])
        for copy in self.placement.closing_copies:
            self._copy("closing", copy, self._variable_slot(copy.target))
        gate = None if self.graph.gate is None else self._slot(self.graph.gate)
        return PlanDescription(self.slots, self.steps, gate, self.placement.arena_bytes)

    def _add(self, region: str, symbol: Symbol, value: Any = None, offset: int = 0) -> int:
        self.slots.append(Slot(region, symbol.dtype, symbol.shape, value, offset))
        return len(self.slots) - 1

    def _variable_slot(self, variable: Any) -> int:
        if id(variable) not in self.variable_slots:
            self.slots.append(Slot("variable", variable.dtype, variable.shape, variable))
            self.variable_slots[id(variable)] = len(self.slots) - 1
        return self.variable_slots[id(variable)]

    def _slot(self, symbol: Symbol) -> int:
        if symbol not in self.slot_of:
            self.slot_of[symbol] = self._new_slot(symbol)
        return self.slot_of[symbol]

    def _new_slot(self, symbol: Symbol) -> int:
        home = self.placement.homes[symbol]
        if home.region == "arena":
            assert home.block is not None
            return self._add("arena", symbol, offset=home.block.offset)
        if home.symbol is not symbol:
            return self._add("view", symbol, self._slot(home.symbol))
        if home.region == "variable":
            return self._variable_slot(symbol.node.value)
        return self._add(home.region, symbol, symbol.node.value)

    def _step(self, part: str, node: Node, outputs: list[int]) -> None:
        choice = self.choices[node]
        workspace = self.placement.workspaces.get(node)
        self.steps.append(
            Step(
                part,
                node.primitive,
                choice.name,
                [self._slot(s) for s in node.inputs],
                outputs,
                node.label,
                workspace.offset if workspace else 0,
                choice.workspace_bytes,
                choice.scratch_bytes,
            )
        )

    def _copy(self, part: str, copy: Copy, target: int) -> None:
        source = self._slot(copy.source)
        self.steps.append(
            Step(part, primitives.Identity(), copy.choice.name, [source], [target], copy.source.name)
        )
