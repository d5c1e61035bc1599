"""The words of Telegram's Bot API and what they mean in ours."""

from bridge.domain.messaging import MediaKind, Messenger

# The bot's own chats are one channel, whichever bot it is; each business connection is another.
BOT_CHANNEL = "bot"
MAX_TEXT = {Messenger.TELEGRAM: 4096}
# What a file may bear beside it, once its formatting is read: core.telegram.org/bots/api#sendphoto
CAPTIONS = dict.fromkeys(
    (
        *(MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.AUDIO, MediaKind.VOICE),
        *(MediaKind.DOCUMENT, MediaKind.OTHER),
    ),
    1024,
)
WINDOW_HOURS = 24  # of a business connection: core.telegram.org/bots/api#businessbotrights

# Posted to us; reactions come only where they are asked for.
ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "message_reaction",
    "callback_query",
    "my_chat_member",
)

# What Telegram posts where allowed_updates was never set.
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})

FILES = {
    "photo": MediaKind.IMAGE,
    "live_photo": MediaKind.VIDEO,
    "animation": MediaKind.VIDEO,
    "video": MediaKind.VIDEO,
    "video_note": MediaKind.VIDEO,
    "audio": MediaKind.AUDIO,
    "voice": MediaKind.VOICE,
    "sticker": MediaKind.STICKER,
    "document": MediaKind.DOCUMENT,
}

# Where the vendor names no type; its photos are always JPEG.
CONTENT_TYPES = {
    "photo": "image/jpeg",
    "live_photo": "video/mp4",
    "animation": "video/mp4",
    "video": "video/mp4",
    "video_note": "video/mp4",
    "voice": "audio/ogg",
    "sticker": "image/webp",
}

# What people read of content that is neither text nor a file.
STAND_INS = {
    "story": "(a story)",
    "paid_media": "(paid media)",
    "game": "(a game)",
    "invoice": "(an invoice)",
    "successful_payment": "(a payment)",
    "refunded_payment": "(a refunded payment)",
    "users_shared": "(shared people)",
    "chat_shared": "(a shared chat)",
    "gift": "(a gift)",
    "unique_gift": "(a gift)",
    "gift_upgrade_sent": "(a gift's upgrade)",
    "passport_data": "(Telegram Passport data)",
    "giveaway": "(a giveaway)",
    "giveaway_winners": "(a giveaway's winners)",
    "checklist_tasks_done": "(tasks of a checklist were ticked)",
    "checklist_tasks_added": "(tasks were added to a checklist)",
}
UNKNOWN_CONTENT = "(a message of a kind that the bridge can't show)"

# What happens to a chat rather than being said in it.
SERVICE = frozenset(
    """
    new_chat_members left_chat_member chat_owner_left chat_owner_changed new_chat_title
    new_chat_photo delete_chat_photo group_chat_created supergroup_chat_created
    channel_chat_created message_auto_delete_timer_changed pinned_message connected_website
    write_access_allowed proximity_alert_triggered boost_added chat_background_set
    direct_message_price_changed forum_topic_created forum_topic_edited forum_topic_closed
    forum_topic_reopened general_forum_topic_hidden general_forum_topic_unhidden giveaway_created
    giveaway_completed managed_bot_created paid_message_price_changed poll_option_added
    poll_option_deleted suggested_post_approved suggested_post_approval_failed
    suggested_post_declined suggested_post_paid suggested_post_refunded video_chat_scheduled
    video_chat_started video_chat_ended video_chat_participants_invited
    """.split()
)

# A member of these states hears and says nothing in the chat.
GONE = frozenset({"kicked", "left"})
