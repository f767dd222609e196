package io.lipstream.app.live;

/**
 * What an avatar is doing.
 *
 * <pre>
 *              user speaks                   user stops
 *    ┌──────┐ ─────────────────> ┌─────────┐ ─────────────────> ┌──────────┐
 *    │ Idle │ <───────────────── │Listening│ <───────────────── │ Thinking │
 *    └──────┘  nothing heard     └─────────┘    user speaks     └──────────┘
 *     ^  ^ │                          ^                            ^   │ first sound is heard
 *     │  │ └── say, chat ─────────────┼────────────────────────────┘   v
 *     │  │                            │ user speaks (barge-in)    ┌──────────┐
 *     │  │                            └────────────────────────── │ Speaking │
 *     │  └── all was said, or interrupted ─────────────────────── └──────────┘
 *     └───── interrupted or failed, from anywhere
 * </pre>
 *
 * What is to be said next waits in Speaking and begins without a detour; chat from Speaking
 * interrupts and goes to Thinking.
 */
public sealed interface SessionState {

  /** Nobody speaks and nothing is awaited; the avatar rests and costs no inference. */
  record Idle() implements SessionState {}

  /** The user speaks. */
  record Listening() implements SessionState {}

  /** An answer or its sound is being made. */
  record Thinking() implements SessionState {}

  /** The avatar is heard and seen speaking. */
  record Speaking() implements SessionState {}
}
