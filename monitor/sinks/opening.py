"""Makes the sink of a channel."""

from monitor.notify.channel import Channel, Mail, PagerDuty, Slack, StandardHook, Teams
from monitor.notify.channels.pagerduty import pagerduty_post
from monitor.notify.channels.slack import slack_post
from monitor.notify.channels.standard import StandardWebhook
from monitor.notify.channels.teams import teams_post
from monitor.notify.channels.texts import Style
from monitor.ports import Sink, TimeSource
from monitor.sinks.http import HttpSink, PostOf
from monitor.sinks.mail import MailSink


def open_sink(channel: Channel, time: TimeSource) -> Sink:
    """The sink; it connects when there is something to send. Raises ValueError for a URL that cannot be used."""
    name, far_end = channel.name, channel.far_end
    if isinstance(far_end, Mail):
        return MailSink(
            name, far_end, channel.style, time, timeout_s=channel.timeout_s, allow_private=channel.allow_private
        )
    secrets = (far_end.routing_key,) if isinstance(far_end, PagerDuty) else ()
    return HttpSink(
        name,
        far_end.url,
        _post_of(far_end, channel.style),
        time,
        timeout_s=channel.timeout_s,
        allow_private=channel.allow_private,
        secrets=secrets,
    )


def _post_of(far_end: Slack | Teams | PagerDuty | StandardHook, style: Style) -> PostOf:
    match far_end:
        case Slack():
            return lambda message, _: slack_post(message, style)
        case Teams():
            return lambda message, _: teams_post(message, style)
        case PagerDuty():
            return lambda message, _: pagerduty_post(message, style, far_end.routing_key)
        case StandardHook():
            return StandardWebhook(far_end.secrets).post
