"""What one sees and types into: displays over RFB, terminals over PVE's text protocol, both in websockets.

A display or terminal shows a real guest's (`machines/`), or one that is drawn here: a text screen with a boot, a log-in
prompt and a shell that knows a few harmless words. Nothing typed into a drawn one is ever executed.

- `font`, `screen`, `picture`: a text screen, and what it looks like
- `toy`: what answers in a drawn terminal; `console`: one terminal with its screen and those who look at it
- `rfb`, `terminal`: the two protocols; `channel`: a websocket as a stream of bytes
- `sessions`: who may connect where, until when
"""
