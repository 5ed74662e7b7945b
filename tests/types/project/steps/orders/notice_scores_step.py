from runtime_types import NoticeScoresChange, NoticeScoresContext

config = {
    "name": "NoticeScores",
    "triggers": [
        {"type": "stream", "streamName": "scores", "on": ["create", "update"]},
        {"type": "state", "groupId": "followed", "key": "last"},
    ],
}


async def handler(change: NoticeScoresChange, ctx: NoticeScoresContext) -> None:
    if "streamName" in change:
        value = change["value"]
        if value is not None and change["operation"] == "create":
            await ctx.state.set("noticed", change["id"], value["score"] * 2)
    else:
        await ctx.state.set("noticed", change["key"], change["previous"])
