"""People: how they prove who they are. Passwords, the tokens that they come with, providers that answer for them.

What belongs here: proofs and what is made of them. What never does: what somebody may do (that is the gate's, in
`actions/`), or what is remembered of people (that is the store's).
"""
