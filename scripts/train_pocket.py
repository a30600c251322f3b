#!/usr/bin/env python3
"""Train the pocket model from nothing: generated data, a tokenizer, a small Llama.

    python scripts/train_pocket.py --steps 6500 --out structgen/pocket

Seeded and reproducible when it runs by ``--steps`` (``--minutes`` ends by the clock
instead).  Run again with the same ``--checkpoints`` folder to continue.  ``--start FOLDER``
begins with finished weights instead, adds layers up to ``--layers`` and dwells on what is
learned last; give it a ``--seed`` of its own.  Uses a GPU if there is one.  What the data
says is in ``pocket_data``, how it is learned in ``pocket_training``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from pathlib import Path

import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM

sys.path.insert(0, str(Path(__file__).parent))

from pocket_data.corpus import stream, text_sample
from pocket_data.words import also_build_from
from pocket_training.batches import Batch, batches
from pocket_training.deepen import deepen
from pocket_training.measure import field_accuracy, held_out
from pocket_training.muon import Muon
from pocket_training.start import start_near_copying
from pocket_training.tokenizer import CHAT_TEMPLATE, END, PAD, train_tokenizer


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=6500, help="optimizer steps of the whole run")
    parser.add_argument(
        "--minutes", type=float, default=None, help="end after so many minutes of training instead"
    )
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument(
        "--out", type=Path, default=Path("structgen/pocket"), help="where model and tokenizer are written"
    )
    parser.add_argument(
        "--checkpoints", type=Path, default=Path(".cache/pocket"), help="where the run can be continued from"
    )
    parser.add_argument(
        "--start", type=Path, help="folder of finished weights to continue from, without their optimizer"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--vocabulary", type=int, default=4096)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=2048, help="tokens a batch")
    parser.add_argument("--rate", type=float, default=0.012, help="learning rate of the matrices")
    parser.add_argument(
        "--compile",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="torch.compile the layers (needs a C++ compiler)",
    )
    parser.add_argument("--every", type=int, default=200, help="steps between checkpoints and measurements")
    parser.add_argument(
        "--export-only", action="store_true", help="write the model of the last checkpoint and stop"
    )
    return parser.parse_args()


def new_model(options: argparse.Namespace, tokenizer: Tokenizer) -> LlamaForCausalLM:
    """A Llama with heads of 32, tied embeddings and no biases; or the finished one, made deeper."""
    if options.start is not None:
        finished = LlamaForCausalLM.from_pretrained(options.start, dtype=torch.float32)
        return deepen(finished, options.layers)
    heads = options.width // 32
    config = LlamaConfig(
        vocab_size=options.vocabulary,
        hidden_size=options.width,
        intermediate_size=options.width * 8 // 3,
        num_hidden_layers=options.layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=2048,
        rope_theta=1e6,
        tie_word_embeddings=True,
        initializer_range=0.02,
        bos_token_id=None,
        eos_token_id=tokenizer.token_to_id(END),
        pad_token_id=tokenizer.token_to_id(PAD),
    )
    model = LlamaForCausalLM(config)
    start_near_copying(model, options.seed)
    return model


def loss_of(model: LlamaForCausalLM, body: torch.nn.Module, batch: Batch) -> torch.Tensor:
    """Weighted cross-entropy; the output matrix meets only the positions that count."""
    hidden = body(input_ids=batch.ids, use_cache=False).last_hidden_state
    logits = model.lm_head(hidden[batch.rows, batch.columns])
    losses = torch.nn.functional.cross_entropy(logits.float(), batch.targets, reduction="none")
    return (losses * batch.weights).sum() / batch.weights.sum()


def rate_at(progress: float, step: int) -> float:
    """Short warm-up, 500 careful steps, a plateau, and a straight descent over the last half."""
    careful = 0.5 if step < 500 else 1.0  # larger steps would wash the start near copying away
    return careful * min(1.0, (step + 1) / 60) * min(1.0, max(0.02, 2 * (1 - progress)))


def export(
    model: LlamaForCausalLM, average: dict[str, torch.Tensor], tokenizer: Tokenizer, out: Path
) -> None:
    """Write the averaged weights as float16 safetensors, the configuration and the tokenizer."""
    out.mkdir(parents=True, exist_ok=True)
    half = LlamaForCausalLM(model.config)
    half.load_state_dict(average, strict=False)
    half.tie_weights()
    half.half().save_pretrained(out)
    (out / "model.safetensors").chmod(0o644)
    tokenizer.save(str(out / "tokenizer.json"))
    (out / "chat_template.jinja").write_text(CHAT_TEMPLATE)


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    options.checkpoints.mkdir(parents=True, exist_ok=True)
    saved = options.checkpoints / "state.pt"

    path = options.checkpoints / "tokenizer.json"
    if options.start is not None:
        shutil.copyfile(options.start / "tokenizer.json", path)
    elif not path.exists():
        train_tokenizer(text_sample(options.seed + 1, 30_000), options.vocabulary).save(str(path))
    tokenizer = Tokenizer.from_file(str(path))

    also_build_from([tokenizer.decode([token]) for token in range(tokenizer.get_vocab_size())])
    model = new_model(options, tokenizer).to(device)
    matrices = [
        p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n and "lm_head" not in n
    ]
    chosen = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in chosen]
    optimizers: list[torch.optim.Optimizer] = [
        Muon(matrices, lr=options.rate),
        torch.optim.AdamW(others, lr=options.rate / 5, betas=(0.9, 0.98), weight_decay=0.0),
    ]
    body = torch.compile(model.model, dynamic=True) if options.compile else model.model
    peaks = [group["lr"] for optimizer in optimizers for group in optimizer.param_groups]
    average = {name: value.detach().clone() for name, value in model.state_dict().items()}
    step, used, spent = 0, 0, 0.0
    if saved.exists():
        state = torch.load(saved, map_location=device)
        model.load_state_dict(state["model"])
        average = state["average"]
        for optimizer, kept in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        step, used, spent = state["step"], state["used"], state["spent"]

    if options.export_only:
        export(model, average, tokenizer, options.out)
        return
    tests = held_out(tokenizer, 200)
    log = (options.checkpoints / "log.jsonl").open("a")
    clock, running, done = time.monotonic(), 0.0, False
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )

    def keep() -> None:
        state = {
            "model": model.state_dict(),
            "average": average,
            "optimizers": [o.state_dict() for o in optimizers],
            "step": step,
            "used": used,
            "spent": spent + time.monotonic() - clock,
        }
        torch.save(state, saved.with_suffix(".new"))
        saved.with_suffix(".new").replace(saved)

    with Progress(*columns) as bar:
        task = bar.add_task("training", total=options.steps, completed=step)
        examples = stream(options.seed, used, continued=options.start is not None)
        for pool, size in batches(tokenizer, examples, options.tokens, options.seed + used):
            for batch in pool:
                elapsed = (spent + time.monotonic() - clock) / 60
                progress = step / options.steps if options.minutes is None else elapsed / options.minutes
                if progress >= 1:
                    done = True
                    break
                for rate, group in zip(peaks, (g for o in optimizers for g in o.param_groups), strict=True):
                    group["lr"] = rate * rate_at(progress, step)
                loss = loss_of(model, body, Batch(*(t.to(device) for t in vars(batch).values())))
                loss.backward()
                torch.nn.utils.clip_grad_norm_(others, 1.0)
                for optimizer in optimizers:
                    optimizer.step()
                    optimizer.zero_grad(set_to_none=True)
                step += 1
                decay = min(0.995, step / (step + 10))
                torch._foreach_lerp_(list(average.values()), list(model.state_dict().values()), 1 - decay)
                running = loss.item() if step == 1 else 0.98 * running + 0.02 * loss.item()
                bar.update(task, completed=step, description=f"loss {running:.3f}")
                if step % options.every == 0:
                    current = {name: value.clone() for name, value in model.state_dict().items()}
                    model.load_state_dict(average)
                    scores = field_accuracy(model, tokenizer, tests)
                    model.load_state_dict(current)
                    row = {
                        "step": step,
                        "examples": used,
                        "minutes": round(elapsed, 1),
                        "loss": round(running, 4),
                        **scores,
                    }
                    bar.console.print(json.dumps(row))
                    log.write(json.dumps(row) + "\n")
                    log.flush()
            used += size
            if done:
                break
            if step // options.every != (step - len(pool)) // options.every:
                keep()
    keep()
    export(model, average, tokenizer, options.out)


if __name__ == "__main__":
    main()
