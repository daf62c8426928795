"""A real headless Chromium, spoken to by pipes: pages are opened, clicked at and read.

Tests that need one skip where `BROWSER` is None, as on machines of CI that have none.
"""
import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time

BROWSER = next(filter(None, map(shutil.which, (
    'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'chrome-headless-shell'))), None)
WHY = 'there is no Chromium on the path: apt-get install chromium'
#: Seconds that anything may take.
PATIENCE = 90

#: Becomes the browser, which reads what is asked of it from 3 and answers on 4.
_BECOME = '''
import fcntl, os, sys
high = [fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3]]
for place, one in zip((3, 4), high):
    os.dup2(one, place)
    os.close(one)
os.execv(sys.argv[3], sys.argv[3:])
'''


class Chromium:
    """A browser with one page; what the page complains of is in `said`, what it asks for in `asked`."""

    def __init__(self, folder):
        theirs, self._out = os.pipe()
        self._in, others = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, '-c', _BECOME, str(theirs), str(others), BROWSER, '--headless=new', '--no-sandbox',
             '--disable-gpu', '--disable-dev-shm-usage', '--remote-debugging-pipe', '--no-first-run',
             '--force-color-profile=srgb', '--user-data-dir=' + str(folder), 'about:blank'],
            pass_fds=(theirs, others), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs)
        os.close(others)
        self._held, self._number, self._session = b'', 0, None
        self.said, self.asked = [], []
        target = [one for one in self.call('Target.getTargets')['targetInfos'] if one['type'] == 'page'][0]
        self._session = self.call('Target.attachToTarget', targetId=target['targetId'], flatten=True)['sessionId']
        for one in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(one + '.enable')

    def call(self, method, **parameters):
        self._number += 1
        asked = {'id': self._number, 'method': method, 'params': parameters}
        if self._session:
            asked['sessionId'] = self._session
        os.write(self._out, json.dumps(asked).encode() + b'\0')
        until = time.time() + PATIENCE
        while True:
            got = self._next(until)
            if got.get('id') == self._number:
                assert 'error' not in got, got
                return got['result']

    def open(self, url, wide=1200, high=900):
        """Open a page, and wait until it says that it is ready."""
        self.said, self.asked = [], []
        self.call('Emulation.setDeviceMetricsOverride', width=wide, height=high, deviceScaleFactor=1, mobile=False)
        # From another page, lest a new # alone leaves the old one.
        self.call('Page.navigate', url='about:blank')
        self.call('Page.navigate', url=url)
        self.wait("location.href !== 'about:blank' && Boolean(document.querySelector('[data-ready]'))")

    def wait(self, code):
        until = time.time() + PATIENCE
        while not self.run(code):
            assert time.time() < until, (code, self.said)
            time.sleep(.02)

    def run(self, code):
        """The value of an expression in the page."""
        got = self.call('Runtime.evaluate', expression=code, returnByValue=True)
        assert 'exceptionDetails' not in got, got
        return got['result'].get('value')

    def key(self, name, shift=False):
        for kind in ('keyDown', 'keyUp'):
            self.call('Input.dispatchKeyEvent', type=kind, key=name, code=name, modifiers=8 if shift else 0)

    def mouse(self, x, y, click=False):
        self.call('Input.dispatchMouseEvent', type='mouseMoved', x=x, y=y)
        for kind in ('mousePressed', 'mouseReleased') if click else ():
            self.call('Input.dispatchMouseEvent', type=kind, x=x, y=y, button='left', clickCount=1)

    def picture(self, whole=False):
        """The bytes of a .png of what is seen, or of the whole page."""
        return base64.b64decode(self.call('Page.captureScreenshot', format='png', captureBeyondViewport=whole)['data'])

    def close(self):
        self._session = None
        try:
            self.call('Browser.close')
        except (AssertionError, OSError):
            self._process.kill()
        self._process.wait()
        os.close(self._out)
        os.close(self._in)

    def _next(self, until):
        while b'\0' not in self._held:
            ready = select.select([self._in], [], [], max(0, until - time.time()))[0]
            assert ready, 'Chromium does not answer'
            got = os.read(self._in, 1 << 20)
            assert got, 'Chromium has ended'
            self._held += got
        first, _, self._held = self._held.partition(b'\0')
        found = json.loads(first.decode())
        what = found.get('method')
        if what == 'Runtime.exceptionThrown':
            self.said.append(found['params']['exceptionDetails'])
        elif what == 'Log.entryAdded':
            self.said.append(found['params']['entry']['text'])
        elif what == 'Network.requestWillBeSent':
            self.asked.append(found['params']['request']['url'])
        elif what == 'Page.javascriptDialogOpening':
            self.said.append('a dialog opened')
        return found
