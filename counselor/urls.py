"""The counselor's rooms."""

from django.urls import path

from .views import alerts, care, case, flags, library, notes, papers, practice, rules, safety, today, trail

app_name = "desk"

_case = "cases/<uuid:case_id>/"
_note = "notes/<uuid:note_id>/"
_private = "private/<uuid:private_id>/"

urlpatterns = [
    path("", today.today, name="today"),
    path(_case, case.case, name="case"),
    path(_case + "safety/", safety.safety, name="safety"),
    path(_case + "read/", case.mark_read, name="mark_read"),
    path(_case + "readings/", case.judge_reading, name="judge_reading"),
    path(_case + "screening/<str:side>/", case.screening, name="screening"),
    path(_case + "arrangements/", care.arrangements, name="arrangements"),
    path(_case + "arrangements/<slug:what>/", care.arrange, name="arrange"),
    path(_case + "notes/", notes.start_note, name="start_note"),
    path(_case + "guidance/<uuid:sent_id>/withdraw/", case.withdraw, name="withdraw"),
    path(_case + "flags/<uuid:flag_id>/", flags.flag, name="flag"),
    path(_case + "flags/<uuid:flag_id>/seen/", flags.acknowledge_flag, name="acknowledge_flag"),
    path(_case + "flags/<uuid:flag_id>/resolve/", flags.resolve_flag, name="resolve_flag"),
    path(_case + "flags/<uuid:flag_id>/reopen/", flags.reopen_flag, name="reopen_flag"),
    path(_case + "flags/<uuid:flag_id>/aside/", flags.snooze_flag, name="snooze_flag"),
    path(_case + "flags/<uuid:flag_id>/back/", flags.bring_back_flag, name="bring_back_flag"),
    path(_case + "flags/<uuid:flag_id>/owner/", flags.hand_on_flag, name="hand_on_flag"),
    path(_case + "flags/<uuid:flag_id>/mute/", flags.mute_rule, name="mute_rule"),
    path(_case + "flags/<uuid:flag_id>/second-look/", flags.second_look_flag, name="second_look_flag"),
    path(_note, notes.note, name="note"),
    path(_note + "insert/", notes.insert_card, name="insert_card"),
    path(_note + "sign/", notes.sign_note, name="sign_note"),
    path(_note + "addenda/", notes.add_to_note, name="add_to_note"),
    path(_note + "unlock/", notes.unlock_note, name="unlock_note"),
    path(_note + "late/", notes.late_text, name="late_text"),
    path(_note + "text/", notes.note_text, name="note_text"),
    path(_note + "versions/", notes.note_versions, name="note_versions"),
    path(_note + "share/<str:card_id>/", notes.share_card, name="share_card"),
    path("notes/", papers.notes_room, name="notes_room"),
    path("notes/search/", papers.search_notes, name="search_notes"),
    path("notes/settings/", papers.note_settings, name="note_settings"),
    path(_case + "private/", papers.start_private, name="start_private"),
    path(_private, papers.private, name="private"),
    path(_private + "late/", papers.late_private, name="late_private"),
    path(_private + "versions/", papers.private_versions, name="private_versions"),
    path("co-sign/", papers.cosign_queue, name="cosign_queue"),
    path("co-sign/<uuid:waiting_id>/", papers.cosign_note, name="cosign_note"),
    path("library/", library.library, name="library"),
    path("library/<str:card_id>/", library.library_card, name="library_card"),
    path(_case + "flags/seen/", flags.file_information, name="file_information"),
    path(_case + "mutes/<uuid:mute_id>/", flags.unmute_rule, name="unmute_rule"),
    path(_case + "windows/<uuid:window_id>/end/", flags.end_window, name="end_window"),
    path("flags/", flags.flag_list, name="flags"),
    path("flags/seen/", flags.file_all_information, name="file_all_information"),
    path("second-looks/", flags.second_looks, name="second_looks"),
    path("second-looks/<uuid:closed_id>/", flags.second_look, name="second_look"),
    path("rules/", rules.rules, name="rules"),
    path("practice/rules/", rules.practice_rules, name="practice_rules"),
    path("practice/rules/<uuid:mute_id>/", rules.unmute_for_practice, name="unmute_for_practice"),
    path("practice/", practice.practice, name="practice"),
    path("practice/duty/", practice.rota, name="rota"),
    path("practice/numbers/", practice.numbers, name="numbers"),
    path("practice/team/", practice.team_room, name="team"),
    path("cover/", practice.cover, name="cover"),
    path("alerts/arrived/", practice.test_arrived, name="test_arrived"),
    path("corrections/", case.corrections, name="corrections"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("in-session/", alerts.in_session, name="in_session"),
    path("trail/", trail.trail, name="trail"),
]
