"""The processor inside transformers' own generate, in every mode that treats processors differently."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the processor works on torch tensors")
transformers = pytest.importorskip("transformers", reason="the processor plugs into transformers")

from structgen.errors import IntegrationError  # noqa: E402
from structgen.integrations.transformers import LogitsProcessor  # noqa: E402
from structgen.testing.models import tiny_gpt2, tiny_llama  # noqa: E402
from structgen.testing.reference import Language, ReferenceConstraint, TinyVocabulary  # noqa: E402

# Token 4 ends, 9 pads; ids 7 to 11 exist only as logits.
VOCABULARY = TinyVocabulary([b"a", b"b", b"ab", b"c", None, b"ba", b"cc"], eos=4, width=12)
END, PAD = 4, 9
STRINGS = ["a", "abc", "abcc", "ba", "babbbb", "ccc", "abababccab", "ccabccab"]
CONSTRAINT = ReferenceConstraint(Language.of(STRINGS), VOCABULARY)


def texts(output: Any, prompt_length: int) -> list[str]:
    """What was generated behind the prompt, which must be a member followed by padding only."""
    found = []
    for row in output[:, prompt_length:].tolist():
        assert END in row, f"{row} has no end"
        cut = row.index(END)
        assert set(row[cut + 1 :]) <= {PAD}
        found.append(VOCABULARY.decode(row[:cut]).decode())
    return found


MODES: dict[str, dict[str, Any]] = {
    "greedy": {"do_sample": False},
    "sample": {"do_sample": True},
    "several": {"do_sample": True, "num_return_sequences": 4},
    "hot": {"do_sample": True, "temperature": 3.0, "num_return_sequences": 3},
    "beams": {"num_beams": 4},
    "beam samples": {"num_beams": 3, "do_sample": True},
    "beams returned": {"num_beams": 4, "num_return_sequences": 2},
}


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("build", [tiny_llama, tiny_gpt2], ids=["llama", "gpt2"])
def test_outputs_are_members_in_every_mode(build: Any, mode: str, batch: int) -> None:
    for seed in range(3):
        model = build(12, seed=seed, sharpness=4)
        ids = torch.tensor([[0, 1, 3, 2], [9, 9, 1, 2], [9, 3, 3, 3]])[:batch]
        output = model.generate(
            ids,
            attention_mask=(ids != PAD).long(),
            logits_processor=[LogitsProcessor(CONSTRAINT)],
            max_new_tokens=14,
            eos_token_id=END,
            pad_token_id=PAD,
            **MODES[mode],
        )
        assert set(texts(output, 4)) <= set(STRINGS)


@pytest.mark.parametrize("do_sample", [False, True])
@pytest.mark.parametrize("mode", ["prompt lookup", "assistant", "early exit"])
def test_speculative_modes_keep_the_constraint(mode: str, do_sample: bool) -> None:
    for seed in range(4):
        model = tiny_llama(12, seed=seed, sharpness=4)
        options: dict[str, Any] = {
            "prompt lookup": {"prompt_lookup_num_tokens": 3},
            "assistant": {"assistant_model": tiny_llama(12, seed=seed + 50, sharpness=4)},
            "early exit": {"assistant_early_exit": 1},
        }[mode]
        ids = torch.tensor([[2, 3, 2, 3, 3, 2, 2, 3]])
        common = {"max_new_tokens": 14, "eos_token_id": END, "pad_token_id": PAD, "do_sample": do_sample}
        output = model.generate(ids, logits_processor=[LogitsProcessor(CONSTRAINT)], **common, **options)
        assert set(texts(output, 8)) <= set(STRINGS)
        if not do_sample:
            plain = model.generate(ids, logits_processor=[LogitsProcessor(CONSTRAINT)], **common)
            assert texts(plain, 8) == texts(output, 8)


def test_one_object_serves_one_generation_after_another() -> None:
    model, processor = tiny_llama(12, seed=1, sharpness=4), LogitsProcessor(CONSTRAINT)
    for prompt in ([0, 1], [0, 1], [3, 3, 3, 3, 3, 3, 3, 3], [2], [0, 1, 3]):
        output = model.generate(
            torch.tensor([prompt]),
            logits_processor=[processor],
            max_new_tokens=14,
            do_sample=True,
            eos_token_id=END,
            pad_token_id=PAD,
        )
        assert set(texts(output, len(prompt))) <= set(STRINGS)


def test_scores_are_not_changed_in_place_and_the_tail_is_masked() -> None:
    processor, scores = LogitsProcessor(CONSTRAINT), torch.zeros(2, 15)
    masked = processor(torch.tensor([[1, 2], [3, 3]]), scores)
    assert (scores == 0).all()
    assert masked.isfinite().sum(-1).tolist() == [6, 6]
    assert not masked[:, 7:].isfinite().any()


def test_prefixes_may_come_back_shorter_and_different() -> None:
    """What speculation does to a processor: the answer depends on the prefix alone."""
    processor = LogitsProcessor(CONSTRAINT)
    prompt = [3, 1]

    def allowed(*generated: int) -> list[int]:
        masked = processor(torch.tensor([[*prompt, *generated]]), torch.zeros(1, 12))
        found: list[int] = masked[0].isfinite().nonzero()[:, 0].tolist()
        return found

    start = allowed()
    after_a = allowed(0)
    assert after_a == [1, END, 5]  # a, then b of abc, the end, or ba of ababab…
    after_ab = allowed(0, 1)
    dead = allowed(0, 1, 1)
    assert dead == [END]  # a refused draft
    assert allowed(5) == [1, END]  # ba, babbbb
    assert allowed(0, 1) == after_ab
    assert allowed(0) == after_a
    assert len(allowed(0, END)) == 12  # ended: whatever follows is padding
    assert len(allowed(0, END, PAD)) == 12
    assert allowed() == start


def test_logits_narrower_than_the_vocabulary_are_refused_unless_they_are_an_assistants() -> None:
    ids = torch.tensor([[0, 1]])
    with pytest.raises(IntegrationError, match="assistant_width"):
        LogitsProcessor(CONSTRAINT)(ids, torch.zeros(1, 5))
    scores = torch.zeros(1, 5)
    assert LogitsProcessor(CONSTRAINT, assistant_width=5)(ids, scores) is scores
