"""The commands: what a person or a script can ask of lead-sla. Errors are one line; exit codes are documented."""

import asyncio
import logging
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from aiokafka.errors import KafkaError

from monitor.cli import explain as explaining
from monitor.cli import init as initialising
from monitor.cli import offline, recorded
from monitor.cli.failure import Failure
from monitor.cli.leaving import failure_of, leave, say_why, until_signal
from monitor.cli.report.command import report
from monitor.settings.problems import SettingsError
from monitor.settings.settings import Settings

app = typer.Typer(
    help="Watches the agreement between marketing and sales being kept, live.",
    epilog="Exit codes: 0 done; 1 something is wrong in what was given; 2 usage; 3 a service does not answer; "
    "4 stopped by an error; 5 a worker stopped itself to be safe, start it again.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
# Of a broker that is away the client of Kafka says less than the one line of the failure; a worker logs it.
logging.getLogger("aiokafka").addHandler(logging.NullHandler())
topics_app = typer.Typer(help="The Kafka topics that lead-sla works on.", no_args_is_help=True)
app.add_typer(topics_app, name="topics")

PolicyOption = Annotated[
    Path, typer.Option("--policy", "-p", help="The agreement: a file, or a folder with its versions.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")]


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(version("lead-sla"))
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where to write agreement.yaml and lead-sla.env.")] = Path(),
) -> None:
    """Write a commented example agreement and settings file to begin with."""
    for path in initialising.write_examples(folder):
        typer.echo(f"wrote {path}")
    typer.echo("next: edit them, then `lead-sla check agreement.yaml`, then `lead-sla run`")


@app.command()
def run() -> None:
    """Run one worker until SIGINT or SIGTERM. Settings come from the environment and lead-sla.env."""
    from monitor.bootstrap import run_worker

    settings = Settings.load()
    _set_up_logging(settings)
    until_signal(lambda stop: run_worker(settings, stop))


@app.command()
def demo(
    produce_only: Annotated[bool, typer.Option(help="Only produce demo events, to KAFKA_BOOTSTRAP_SERVERS.")] = False,
    leads: Annotated[int, typer.Option(min=1, max=100_000, help="How many leads come in within three minutes.")] = 400,
    seconds: Annotated[float, typer.Option(min=0, help="Stop by itself after this many seconds; 0: run on.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the made-up funnel.")] = 7,
) -> None:
    """Show everything at work: embedded broker, worker, made-up leads, signed webhooks, a live view."""
    from monitor.cli.demo.run import run_demo

    until_signal(lambda stop: run_demo(stop, leads=leads, seconds=seconds, seed=seed, produce_only=produce_only))


@app.command()
def check(
    policy: Annotated[Path, typer.Argument(help="A file, or a folder with all versions.")], as_json: JsonOption = False
) -> None:
    """Check an agreement: every mistake with its line, field and fix, else every doubt with a proposal."""
    offline.check(policy, as_json=as_json)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="The agreement as it is.")],
    new: Annotated[Path, typer.Argument(help="The agreement as it shall be.")],
    as_json: JsonOption = False,
) -> None:
    """Say in words what changes from one agreement to another."""
    offline.diff(old, new, as_json=as_json)


@app.command()
def replay(
    events: Annotated[Path, typer.Argument(help="Lead events, one JSON object a line.")],
    policy: PolicyOption,
    out: Annotated[Path, typer.Option("--out", "-o", help="File for the outcomes, one JSON object a line.")],
    until: Annotated[
        str | None, typer.Option(help="Let time pass up to this instant (RFC 3339); default: the last event.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Judge a recorded history without Kafka, exactly as the workers would, and say what it adds up to."""
    recorded.replay(events, policy, out, until=until, as_json=as_json)


@app.command()
def calendar(policy: PolicyOption) -> None:
    """Answer questions about working time: JSON lines on stdin, an answer to each on stdout, in order."""
    # Bytes, because not every terminal is UTF-8; without a standard input there are no questions.
    offline.calendar(policy, sys.stdin.buffer if sys.stdin else ())


@app.command()
def explain(
    lead: Annotated[str, typer.Argument(help="The lead's id.")],
    url: Annotated[str | None, typer.Option(help="Base URL of any worker; default: from the settings.")] = None,
    events: Annotated[
        Path | None, typer.Option(help="Ask no worker: judge these lead events, one JSON object a line.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", "-p", help="The agreement, a file or a folder, with --events.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="As it was at this instant (RFC 3339), with --events.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell a lead's story: its events, what was said about it and why, and where its time went."""
    if events is None:
        if policy is not None or at is not None:
            raise typer.BadParameter("--policy and --at go with --events")
        explaining.explain(lead, url or Settings.load().advertised_url, as_json=as_json)
        return
    if policy is None or url is not None:
        raise typer.BadParameter("--events needs --policy, and asks no worker: it does not go with --url")
    recorded.explain(lead, events, policy, at=at, as_json=as_json)


app.command()(report)


@app.command()
def notify(
    test: Annotated[str, typer.Option("--test", help="The channel to send a sample notice to.")],
) -> None:
    """Send a sample notice over one channel, and say what its far end answered."""
    from monitor.cli.notify import notify_sample

    notify_sample(test, Settings.load())


@app.command()
def notices(
    notice: Annotated[str | None, typer.Argument(help="Id of a notice or of a message; default: all.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only those of this channel.")] = None,
    replay: Annotated[bool, typer.Option("--replay", help="Have the workers send dead letters again.")] = False,
    url: Annotated[str | None, typer.Option(help="Base URL of any worker, for --replay.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the notices that wait and those that failed, with the reason; or send dead letters again."""
    from monitor.cli.notices import list_notices, send_again

    if not replay:
        return list_notices(Settings.load(), notice, channel, as_json=as_json)
    send_again(Settings.load(), notice, channel, url, as_json=as_json)


@app.command()
def schemas(
    folder: Annotated[Path, typer.Argument(help="Folder of the published contracts.")] = Path("schemas"),
    check_only: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if anything differs.")] = False,
) -> None:
    """Write the JSON Schemas, the AsyncAPI document and the examples."""
    offline.schemas(folder, check_only=check_only)


@topics_app.command("create")
def topics_create(as_json: JsonOption = False) -> None:
    """Create the topics that are missing, as the settings say."""
    from monitor.bootstrap import create_topics

    topics = asyncio.run(create_topics(Settings.load()))
    offline.say(topics._asdict(), as_json=as_json, text=f"topics are there: {topics}")


def main() -> None:
    """Entry point: turns what went wrong into one line on stderr and an exit code."""
    try:
        app()
    except (Failure, SettingsError, KafkaError, OSError) as error:
        failure = failure_of(error)
        say_why(failure)
        leave(failure.code)


def _set_up_logging(settings: Settings) -> None:
    from monitor.telemetry.logs import set_up_logging

    set_up_logging(settings.log_level, as_json=settings.log_json)


if __name__ == "__main__":
    main()
