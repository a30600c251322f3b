"""Generation: a model answers prompts whose answer is known, with and without a constraint.

One loop for every engine: prompt, forced tokens where the engine names them, one pass through the model,
the mask, the most probable allowed token.  So the passes and the answers compare engines, not loops; what
this project's own loop does beside (it also ends in time) is the engine ``structgen.generate``.  ``none``
is the model alone.
"""

from __future__ import annotations

import time

import numpy as np

from jsonschemabench import verdicts
from jsonschemabench.answers import first_value, matching
from jsonschemabench.engines.engine import Engine
from jsonschemabench.errors import BenchError
from jsonschemabench.oracle import Judge
from jsonschemabench.outputs import Output
from jsonschemabench.protocol import compile_schema, reading_of
from jsonschemabench.records import Record, Results
from jsonschemabench.settings import Settings
from jsonschemabench.tables import Table, share
from jsonschemabench.tasks import Prompt, Task
from jsonschemabench.tokens import Tokens, from_tokenizer
from jsonschemabench.tracks.track import Track

__all__ = ["Generate"]


class Generate(Track):
    """Times, valid share and accuracy of a model under each engine."""

    name = "generate"
    title = "Generation"
    purpose = "write"

    def __init__(self, settings: Settings) -> None:
        try:
            import torch

            import structgen

            torch.set_num_threads(1)
            self.loaded = structgen.load(settings.model)
        except ImportError as error:
            raise BenchError(f"generating needs the extra structgen[hf]: {error}") from error
        except structgen.StructgenError as error:
            raise BenchError(str(error)) from error
        super().__init__(settings)

    def read_tokens(self) -> Tokens:
        """The model's own."""
        return from_tokenizer(self.loaded.tokenizer, self.loaded.model.config.vocab_size, self.settings.model)

    def measure(self, engine: Engine, task: Task) -> Record:
        """An answer to every prompt of the schema."""
        began = time.perf_counter()
        refusal = compile_schema(engine, task.schema, reading_of(task))
        if refusal is not None:
            return refusal
        result: Record = {"compile": round((time.perf_counter() - began) * 1e3, 3)}
        judge = Judge(task.schema, task.dialect)
        outputs = [self._answer(engine, prompt, judge) for prompt in task.prompts]
        reasons = [output["why"] for output in outputs if output["why"]]
        if reasons:
            result["reason"] = "; ".join(reasons)[:300]
        return result | {"verdict": verdicts.worst(o["verdict"] for o in outputs), "outputs": outputs}

    def _answer(self, engine: Engine, prompt: Prompt, judge: Judge) -> Record:
        ids = self.loaded.tokenizer(prompt.text)["input_ids"]
        room = getattr(self.loaded.model.config, "max_position_embeddings", 1 << 30) - len(ids)
        limit = min(self.settings.max_tokens, room)
        own = getattr(engine, "generate", None)
        output: Output = own(self.loaded, ids, limit) if own else self._loop(engine, ids, limit)
        text = self.tokens.text(output.tokens).decode("utf-8", "replace")
        why = judge.complaint(text.strip())
        if not output.ended and why:
            verdict = verdicts.UNFINISHED
        else:
            verdict = verdicts.INVALIDATION if why else verdicts.PASSING
        right, whole = matching(prompt.expected, first_value(text))
        return {
            "verdict": verdict,
            "why": why,
            "text": text[:1000],
            "tokens": len(output.tokens),
            "passes": output.passes,
            "first": round(output.first * 1e3, 3),
            "rest": round((output.seconds - output.first) * 1e3, 3),
            "fields": [right, whole],
        }

    def _loop(self, engine: Engine, prompt: list[int], limit: int) -> Output:
        """Greedy generation with a schema that is compiled."""
        import torch

        output, clock = Output(), time.perf_counter
        end, width = self.tokens.end, self.tokens.width
        began = clock()
        engine.restart()
        pending, cache = list(prompt), None
        with torch.inference_mode():
            while len(output.tokens) < limit:
                for token in engine.forced()[: limit - len(output.tokens)]:
                    engine.advance(token)
                    self._take(output, token, pending, clock() - began)
                if len(output.tokens) >= limit:
                    break
                row = np.unpackbits(engine.fill().view(np.uint8), bitorder="little", count=width)
                if not row.any() or (row[end] and row.sum() == 1):
                    output.ended = bool(row[end])
                    break
                answer = self.loaded.model(torch.tensor([pending]), past_key_values=cache, use_cache=True)
                output.passes, cache, pending = output.passes + 1, answer.past_key_values, []
                logits = answer.logits[0, -1, :width]
                token = int(logits.masked_fill(~torch.from_numpy(row.astype(bool)), -torch.inf).argmax())
                if token == end:
                    output.ended = True
                    break
                engine.advance(token)
                self._take(output, token, pending, clock() - began)
        output.seconds = clock() - began
        output.first = output.first or output.seconds
        return output

    @staticmethod
    def _take(output: Output, token: int, pending: list[int], elapsed: float) -> None:
        output.first = output.first or elapsed
        output.tokens.append(token)
        pending.append(token)

    @classmethod
    def tables(cls, results: Results) -> list[Table]:
        table = Table(
            "Generation",
            (
                "engine",
                "schemas",
                "refused",
                "failed",
                "outputs",
                "valid",
                "not ended",
                "fields right",
                "all right",
                "ms to compile",
                "to first token",
                "a further token",
                "passes a token",
            ),
        )
        table.note = (
            "Greedy, one loop for all. Times are medians. Fields right: of the "
            "values expected, also where an engine refused or an output is not valid JSON."
        )
        expected = _expected(results)
        for engine in results.engines():
            records = results.of(engine)
            if not records:
                about = results.head["engines"][engine]
                why = f"not installed ({about['missing']})" if "missing" in about else about.get("failed", "")
                table.rows.append([engine, why])
                continue
            table.rows.append([engine, *_row(records, sum(expected.get(r["task"], 0) for r in records))])
        return [table.transposed()]


def _expected(results: Results) -> dict[str, int]:
    """How many values each schema's prompts ask for, from whichever engine answered."""
    return {
        record["task"]: sum(output["fields"][1] for output in record["outputs"])
        for record in results.records
        if "outputs" in record
    }


def _row(records: list[Record], whole: int) -> list[str]:
    outputs: list[Record] = [output for record in records for output in record.get("outputs", ())]
    refused = sum(record["verdict"] == verdicts.REFUSED for record in records)
    failed = sum("outputs" not in record for record in records) - refused
    tokens = sum(output["tokens"] for output in outputs)
    valid = sum(output["verdict"] == verdicts.PASSING for output in outputs)
    right = sum(output["fields"][0] for output in outputs)
    perfect = sum(output["fields"][0] == output["fields"][1] for output in outputs)
    unfinished = sum(output["verdict"] == verdicts.UNFINISHED for output in outputs)
    rates = [o["rest"] / (o["tokens"] - 1) for o in outputs if o["tokens"] > 1]
    return [
        str(len(records)),
        str(refused),
        str(failed),
        str(len(outputs)),
        share(valid, len(outputs)),
        str(unfinished),
        share(right, whole),
        share(perfect, len(outputs)),
        _median([record["compile"] for record in records if "compile" in record]),
        _median([output["first"] for output in outputs]),
        _median(rates),
        f"{sum(output['passes'] for output in outputs) / tokens:.2f}" if tokens else "–",
    ]


def _median(values: list[float]) -> str:
    return f"{float(np.median(values)):.2f}" if values else "–"
