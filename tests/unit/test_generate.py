"""`generate` itself: what is asked for, what is said to the model, and the shape of what comes back.

The law of the tokens is tested in tests/laws; here a byte vocabulary and a random model suffice.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

import pytest

torch = pytest.importorskip("torch", reason="generate computes with torch")
transformers = pytest.importorskip("transformers", reason="generate drives transformers models")

import structgen as sg  # noqa: E402
from structgen.decode.aligned.reject import Reject  # noqa: E402
from structgen.decode.prompt import encode_prompt, is_batch, vocabulary_for  # noqa: E402
from structgen.decode.search.beam import beam_search  # noqa: E402
from structgen.decode.streaming import StreamEvent, TextStream  # noqa: E402
from structgen.errors import ContextTooSmall, InvalidRequest  # noqa: E402
from structgen.testing.models import tiny_llama  # noqa: E402

VOCABULARY = sg.Vocabulary.from_tokens([bytes([byte]) for byte in range(256)] + [None], eos=256, width=260)
SPECIAL = sg.Vocabulary.from_tokens(
    [bytes([byte]) for byte in range(256)] + [None], eos=256, special={"<|call|>": 257}, width=260
)
CALL = sg.sequence(sg.choice(["a"]), sg.optional(sg.special("<|call|>")), sg.choice(["b"]))
MODEL = tiny_llama(260, seed=1, sharpness=2)


def ask(prompt: Any = "hello", **arguments: Any) -> Any:
    return sg.generate(MODEL, prompt, tokenizer=VOCABULARY, **arguments)


@dataclass
class Point:
    x: int
    kind: Literal["a", "b"] = "a"


class TestWhatMayBeAskedFor:
    def test_choice(self) -> None:
        out = ask(choice=["yes", "no"])
        assert out.text in ("yes", "no")
        assert out.value == out.text
        assert out.law == "local"
        assert len(out.tokens) == len(out.logprobs) == len(out.masked_logprobs)

    def test_regex(self) -> None:
        out = ask(regex=r"[A-Z]{2}-\d{4}")
        assert out.text[2] == "-"
        assert out.text[3:].isdigit()

    @pytest.mark.parametrize("form", ["dict", "text", "grammar", "constraint"])
    def test_schema_in_every_form(self, form: str) -> None:
        schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
        schema["additionalProperties"] = False
        asked: Any = {
            "dict": lambda: schema,
            "text": lambda: json.dumps(schema),
            "grammar": lambda: sg.json_schema(schema),
            "constraint": lambda: sg.compile(schema, VOCABULARY),
        }[form]()
        out = ask(schema=asked, max_tokens=30)
        assert isinstance(out.value["n"], int)
        assert json.loads(out.text) == out.value

    def test_types_give_typed_values(self) -> None:
        assert isinstance(ask(type=int, max_tokens=8).value, int)
        assert isinstance(ask(type=bool).value, bool)
        assert ask(type=Literal["x", 3]).value in ("x", 3)
        assert isinstance(ask(schema=Point, max_tokens=60).value, Point)
        assert isinstance(ask(type=list[Point], max_tokens=60).value, list)

    def test_a_pydantic_class_gives_its_instances(self) -> None:
        pydantic = pytest.importorskip("pydantic", reason="Pydantic is optional")

        class Answer(pydantic.BaseModel):  # type: ignore[name-defined,misc]
            ok: bool
            level: int = pydantic.Field(ge=1, le=3)

        out = ask(schema=Answer, max_tokens=60)
        assert isinstance(out.value, Answer)

    def test_a_validator_the_schema_cannot_say_is_named(self) -> None:
        pydantic = pytest.importorskip("pydantic", reason="Pydantic is optional")

        class Never(pydantic.BaseModel):  # type: ignore[name-defined,misc]
            ok: bool

            @pydantic.field_validator("ok")
            @classmethod
            def refuse(cls, value: bool) -> bool:
                raise ValueError("whatever it is")

        with pytest.raises(sg.StructgenError, match="Never itself refused it"):
            ask(schema=Never)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({}, "none of them"),
            ({"schema": {}, "regex": "a"}, "schema= and regex="),
            ({"grammar": "start: x"}, "Grammar"),
            ({"regex": "a", "max_token": 3}, "did you mean max_tokens"),
            ({"schema": {}, "white_space": "any"}, "did you mean whitespace"),
            ({"regex": "a", "max_tokens": -1}, "max_tokens"),
            ({"regex": "a", "max_tokens": 2.5}, "max_tokens"),
            ({"regex": "a", "n": 0}, "n must"),
            ({"regex": "a", "seed": -1}, "seed"),
            ({"regex": "a", "temperature": -0.1}, "temperature"),
            ({"regex": "a", "sampler": "magic"}, "masked"),
            ({"regex": "a", "batch_size": 0}, "batch_size"),
        ],
        ids=str,
    )
    def test_requests_that_make_no_sense_say_why(self, arguments: dict[str, Any], message: str) -> None:
        with pytest.raises(InvalidRequest, match=message):
            ask(**arguments)

    def test_too_small_a_budget_is_refused_before_any_pass(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def explode(*_: Any, **__: Any) -> None:
            raise AssertionError("the model was asked")

        monkeypatch.setattr(MODEL, "forward", explode)
        with pytest.raises(sg.BudgetTooSmall) as caught:
            ask(choice=["abcde", "xyzuvw"], max_tokens=4)
        assert (caught.value.needed, caught.value.given) == (5, 4)

    def test_grammar_options_reach_the_grammar(self) -> None:
        for seed in range(5):
            schema = {"type": "array", "minItems": 2, "maxItems": 2, "items": {"const": "x"}}
            assert ask(schema=schema, whitespace="compact", seed=seed).text == '["x","x"]'


class TestRowsWithSettingsOfTheirOwn:
    ASKED = {  # noqa: RUF012  # read only
        "schema": [Point, None, None, {"type": "integer"}],
        "regex": [None, "[a-f]{3,8}", None, None],
        "temperature": [0, 1.0, 0.7, 1.5],
        "top_k": [0, 5, 0, 3],
        "seed": [1, 2, 3, 4],
        "max_tokens": [60, 9, 12, 8],
        "stop": [None, None, ["e", "x"], None],
    }
    PROMPTS = ["a", "some longer prompt", "z", [5, 6, 7]]  # noqa: RUF012  # read only

    def test_each_is_what_it_is_alone(self) -> None:
        together = ask(self.PROMPTS, **self.ASKED, n=2)
        for row, prompt in enumerate(self.PROMPTS):
            own = {name: values[row] for name, values in self.ASKED.items()}
            if row == 2:
                own["stop"] = ["e", "x"]
            alone = ask(prompt, **own, n=2)
            assert [g.tokens for g in alone] == [g.tokens for g in together[row]]
            assert [g.value for g in alone] == [g.value for g in together[row]]
        assert isinstance(together[0][0].value, Point)
        assert all(c not in together[2][0].text for c in "ex")

    def test_choices_for_each_prompt(self) -> None:
        found = ask(["a", "b", "c"], choice=[["yes", "no"], ["red"], None])
        assert found[0].value in ("yes", "no")
        assert found[1].value == "red"
        assert found[2].finish_reason in ("stop", "length")

    def test_free_text_alone(self) -> None:
        found = ask("a", stop=[], max_tokens=7, logprobs=3)
        assert len(found.tokens) <= 7
        assert found.alternatives is not None and found.entropies is not None
        assert all(len(some) == 3 for some in found.alternatives)
        assert len(found.entropies) == len(found.alternatives) == len(found.tokens)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"schema": [{}, {}, {}]}, "3 entries for 2 prompts"),
            ({"regex": "a", "seed": [1]}, "1 entries for 2 prompts"),
            ({"regex": ["a", None], "schema": [{}, {}]}, "regex= and schema=|schema= and regex="),
            ({"regex": "a", "stop": ["x"]}, "ends free text"),
            ({"stop": [""]}, "not empty"),
            ({"regex": "a", "errors": "ignore"}, "errors"),
            ({"regex": "a", "truncate": "never"}, "truncate"),
            ({"regex": "a", "min_p": 2}, "min_p"),
            ({"regex": "a", "typical_p": 0}, "typical_p"),
            ({"regex": "a", "repetition_penalty": 0}, "repetition_penalty"),
            ({"regex": "a", "logit_bias": {"a": 1}}, "logit_bias"),
            ({"regex": "a", "logprobs": -1}, "logprobs"),
            ({"regex": "a", "max_time": -1}, "max_time"),
        ],
        ids=str,
    )
    def test_requests_that_make_no_sense_say_why(self, arguments: dict[str, Any], message: str) -> None:
        with pytest.raises(InvalidRequest, match=message):
            ask(["a", "b"], **arguments)

    def test_a_list_for_a_single_prompt_is_refused(self) -> None:
        with pytest.raises(InvalidRequest, match="single prompt"):
            ask("a", regex=["a", "b"])

    def test_an_error_of_one_output_is_raised_or_returned(self) -> None:
        pydantic = pytest.importorskip("pydantic", reason="Pydantic is optional")

        class Never(pydantic.BaseModel):  # type: ignore[name-defined,misc]
            ok: bool

            @pydantic.field_validator("ok")
            @classmethod
            def refuse(cls, value: bool) -> bool:
                raise ValueError("whatever it is")

        asked = {"schema": [Never, {"type": "boolean"}]}
        found = ask(["a", "b"], **asked, errors="return")
        assert found[0].finish_reason == "error" and found[0].value is None
        assert "Never" in str(found[0].error)
        assert isinstance(found[1].value, bool)
        with pytest.raises(sg.StructgenError, match="Never itself") as caught:
            ask(["a", "b"], **asked)
        assert "output 0 of 2" in caught.value.__notes__[0]

    def test_an_output_with_too_little_room_is_one_error_among_others(self) -> None:
        context = MODEL.config.max_position_embeddings
        prompts = ["a", "b", "b" * (context - 1)]
        short, found, full = ask(
            prompts, regex=["[a-z]{9}", "[a-z]{2}", "[a-z]{2}"], max_tokens=[8, 2, 2], errors="return"
        )
        assert type(short.error) is sg.BudgetTooSmall and short.error.needed == 9
        assert (short.finish_reason, short.tokens, short.value) == ("error", [], None)
        assert isinstance(full.error, ContextTooSmall) and full.finish_reason == "error"
        assert found.error is None
        assert found.tokens == ask(["a", "b"], regex="[a-z]{2}", max_tokens=2)[1].tokens
        with pytest.raises(sg.BudgetTooSmall, match="9"):
            ask(["a", "b"], regex=["[a-z]{9}", "[a-z]{2}"], max_tokens=8)

    @pytest.mark.parametrize("sampler", ["exact", "smc", "awrs", "beam", "best of n", "cautious"])
    def test_so_it_is_for_every_sampler(self, sampler: str) -> None:
        asked = {"regex": ["[ab]{9}", "[ab]{2}"], "max_tokens": [8, 2], "sampler": sampler}
        short, found = ask(["a", "b"], **asked, errors="return")
        assert type(short.error) is sg.BudgetTooSmall and short.error.needed == 9
        assert (short.finish_reason, short.tokens, short.value) == ("error", [], None)
        assert found.error is None and len(found.text) == 2
        assert short.law == found.law
        with pytest.raises(sg.BudgetTooSmall, match="9"):
            ask(["a", "b"], **asked)

    def test_a_sampler_that_gives_up_does_so_for_its_prompt_only(self) -> None:
        asked = {"regex": ["[ab]{9}", r"[\s\S]*"], "max_tokens": 9, "sampler": Reject(max_attempts=2000)}
        lost, found = ask(["a", "b"], **asked, errors="return")
        assert isinstance(lost.error, sg.SamplingFailed) and lost.finish_reason == "error"
        assert found.error is None
        with pytest.raises(sg.SamplingFailed):
            ask(["a", "b"], **asked)

    def test_a_constraint_of_another_vocabulary_is_refused(self) -> None:
        other = sg.Vocabulary.from_tokens([b"a", b"b", None], eos=2)
        with pytest.raises(sg.VocabularyError, match="another vocabulary"):
            ask(["a", "b"], grammar=[sg.compile(sg.regex("a"), VOCABULARY), sg.compile(sg.regex("a"), other)])


class TestWhatComesBack:
    def test_shapes(self) -> None:
        assert isinstance(ask(choice=["a"]), sg.Generation)
        assert [type(one) for one in ask(["p", "q"], choice=["a"])] == [sg.Generation] * 2
        assert [type(one) for one in ask("p", choice=["a"], n=3)] == [sg.Generation] * 3
        nested = ask(["p", "q"], choice=["a"], n=3)
        assert [len(some) for some in nested] == [3, 3]
        assert len(ask(["p"], choice=["a"])) == 1

    def test_stats_add_up(self) -> None:
        out = ask("hey", regex="abc[xy]def", temperature=0)
        assert out.stats.prompt_tokens == 3
        assert (out.stats.drawn_tokens, out.stats.forced_tokens) == (1, 6)
        assert out.stats.forward_passes == 2
        assert set(out.stats.as_dict()["seconds"]) == {"forward", "mask", "sample", "idle"}
        json.dumps(out.stats.as_dict())

    def test_the_same_call_gives_the_same_output(self) -> None:
        calls = [ask(["p", "qrs"], regex="[a-z]{4,9}", n=2, seed=3) for _ in range(2)]
        assert [[g.text for g in some] for some in calls[0]] == [[g.text for g in some] for some in calls[1]]
        assert (
            ask("qrs", regex="[a-z]{4,9}", n=2, seed=3)[0].text == ask("qrs", regex="[a-z]{4,9}", seed=3).text
        )

    @pytest.mark.parametrize(
        "options", [{}, {"forced": "draft"}, {"canonical": True}, {"sampler": "cars"}], ids=str
    )
    def test_special_tokens_that_the_grammar_asks_for_stand_in_the_text(
        self, options: dict[str, Any]
    ) -> None:
        # Under the global law the call comes once in 57 outputs.
        count = 400 if "sampler" in options else 20
        outs = sg.generate(MODEL, "p", grammar=CALL, tokenizer=SPECIAL, n=count, max_tokens=9, **options)
        texts = {one.text for one in outs}
        assert texts <= {"ab", "a<|call|>b"} and "a<|call|>b" in texts

    def test_special_tokens_in_what_a_search_finds(self) -> None:
        found = beam_search(MODEL, "p", sg.compile(CALL, SPECIAL), beams=4, returned=2, max_tokens=9)
        assert {one.text for one in found} == {"ab", "a<|call|>b"}

    def test_the_vocabulary_of_another_model_is_refused(self) -> None:
        with pytest.raises(sg.VocabularyError, match="not the model's tokenizer"):
            sg.generate(tiny_llama(100), "a", choice=["b"], tokenizer=VOCABULARY)


class TestStreaming:
    REGEX = "[é☃😀ab]{12}"

    def test_deltas_never_split_a_character_and_join_to_the_text(self) -> None:
        for seed in range(5):
            events = list(ask(regex=self.REGEX, stream=True, seed=seed))
            assert all(isinstance(event, StreamEvent) for event in events)
            final = events[-1].generation
            assert final is not None
            assert all(event.generation is None for event in events[:-1])
            assert "".join(events) == final.text
            assert [token for event in events for token in event.tokens] == final.tokens
            assert "\ufffd" not in final.text
            assert final.text == ask(regex=self.REGEX, seed=seed).text

    def test_on_token_sees_the_same_events(self) -> None:
        seen: list[StreamEvent] = []
        out = ask(regex=self.REGEX, on_token=seen.append, seed=2)
        assert "".join(seen) == out.text
        assert seen[-1].generation is out

    def test_rows_of_a_batch_are_told_apart(self) -> None:
        pieces: dict[int, str] = {}
        found: dict[int, sg.Generation] = {}
        for event in ask(["a", "bcd"], regex="[a-f]{3,8}", n=2, stream=True):
            pieces[event.row] = pieces.get(event.row, "") + event
            if event.generation is not None:
                assert event.row not in found
                found[event.row] = event.generation
        assert {row: generation.text for row, generation in found.items()} == pieces
        assert sorted(found) == [0, 1, 2, 3]

    def test_a_stream_may_be_abandoned(self) -> None:
        events = ask(regex="[a-z]{50}", stream=True)
        next(events)
        events.close()
        assert ask(choice=["a"]).text == "a"

    def test_broken_bytes_show_as_replacement_characters(self) -> None:
        stream = TextStream()
        assert stream.push(b"a\xe2\x98") == "a"
        assert stream.push(b"\x83", final=False) == "☃"
        assert stream.push(b"\xe2", final=True) == "\ufffd"
        assert stream.text == "a☃\ufffd"


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    """A byte-level BPE tokenizer with a beginning token, an end token and a chat template."""
    tokenizers = pytest.importorskip("tokenizers", reason="comes with transformers")
    bpe = tokenizers.Tokenizer(tokenizers.models.BPE())
    bpe.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<s>", "</s>", "<|turn|>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(["the yes and no of it", '{"name": "Ada"}'] * 20, trainer)
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token="<s>", eos_token="</s>")
    fast.chat_template = (
        "{% for m in messages %}<|turn|>{{ m.role }}:{{ m.content }}{% endfor %}"
        "{% if add_generation_prompt %}<|turn|>assistant:{% endif %}"
    )
    return fast


class TestWhatIsSaidToTheModel:
    def test_text_chat_and_ids(self, tokenizer: Any) -> None:
        model = tiny_llama(310, seed=2)
        vocabulary = vocabulary_for(model, tokenizer)
        assert vocabulary.width == 310
        assert vocabulary is vocabulary_for(model, tokenizer)
        chat = [{"role": "user", "content": "yes or no?"}]
        ids = encode_prompt(chat, tokenizer, vocabulary)
        assert tokenizer.decode(ids) == "<|turn|>user:yes or no?<|turn|>assistant:"
        assert encode_prompt("the yes", tokenizer, vocabulary) == tokenizer("the yes")["input_ids"]
        assert encode_prompt(torch.tensor([5, 6]), tokenizer, vocabulary) == [5, 6]
        for prompt in (chat, "the", [5, 6, 7], torch.tensor([5, 6]), [chat, "the", [5]]):
            out = sg.generate(model, prompt, tokenizer=tokenizer, choice=["yes", "no"])
            assert all(one.text in ("yes", "no") for one in (out if isinstance(out, list) else [out]))

    def test_what_is_a_batch(self) -> None:
        assert not any(map(is_batch, ["a", [1, 2], [{"role": "user", "content": "a"}], torch.tensor([1])]))
        assert all(map(is_batch, [["a"], [[1]], [[{"role": "user", "content": "a"}]], torch.tensor([[1]])]))

    def test_an_empty_text_begins_with_the_beginning_token(self, tokenizer: Any) -> None:
        model = tiny_llama(310, seed=2)
        assert encode_prompt("", tokenizer, vocabulary_for(model, tokenizer)) == [tokenizer.bos_token_id]
        assert encode_prompt("", VOCABULARY, VOCABULARY) == [256]

    @pytest.mark.parametrize("prompt", [[], None, 3.5, [True], [300], [-1], [[]], {"role": "user"}], ids=str)
    def test_prompts_that_are_none_are_refused(self, prompt: Any) -> None:
        with pytest.raises(InvalidRequest, match="prompt"):
            ask(prompt, choice=["a"])

    def test_a_chat_without_template_is_refused(self) -> None:
        with pytest.raises(InvalidRequest, match="chat template"):
            ask([{"role": "user", "content": "a"}], choice=["a"])

    def test_a_model_without_tokenizer_is_refused(self) -> None:
        with pytest.raises(InvalidRequest, match="tokenizer"):
            sg.generate(MODEL, "a", choice=["b"])
        with pytest.raises(InvalidRequest, match="transformers causal model"):
            sg.generate("gpt", "a", choice=["b"], tokenizer=VOCABULARY)

    def test_an_object_with_model_and_tokenizer_is_enough(self) -> None:
        class Loaded:
            model, tokenizer = MODEL, VOCABULARY

        assert sg.generate(Loaded(), "a", choice=["b"]).text == "b"

    def test_end_tokens_named_by_the_model_count_only_when_special(self, tokenizer: Any) -> None:
        model = tiny_llama(310, seed=2)
        model.generation_config.eos_token_id = [2, 40]
        assert set(vocabulary_for(model, tokenizer).eos_ids) == {1, 2}
