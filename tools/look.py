"""Every page of the built site, looked at by a headless Chromium, wide and narrow: make docs-look.

    python tools/look.py SITE --out FOLDER [--only WORDS] [--widths 1200 400] [--sheets]

A picture of each whole page goes to FOLDER/WIDTH. An error is: what is wider than the window, a broken picture, an
error on the console, what cannot be fetched or is fetched from elsewhere, and a link to a page or a place that is not
there.
Needs Chromium, and tornado, which comes with ipykernel; --sheets needs Pillow.
"""
import argparse
import base64
import functools
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Dict, Iterator, List, Set

NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')
#: The tallest picture, in pixels; longer pages are cut.
TALLEST = 16000
# What the page says of itself. Boxes that scroll by themselves may hold more than they show.
SEEN = '''
(async () => {
  await document.fonts.ready;
  for (const one of document.images) { one.loading = 'eager'; }
  await Promise.all([...document.images].map(one => one.complete ? 0 : new Promise(done => {
    one.onload = one.onerror = done; setTimeout(done, 5000); })));
  const wide = [];
  const room = window.innerWidth;
  if (document.documentElement.scrollWidth > room) {
    const scrolls = one => { for (let at = one.parentElement; at; at = at.parentElement) {
      if (/auto|scroll|hidden/.test(getComputedStyle(at).overflowX)) return true; } return false; };
    for (const one of document.body.querySelectorAll('*')) {
      if (one.getBoundingClientRect().right > room + 1 && !scrolls(one)) {
        wide.push(one.tagName.toLowerCase() + (one.className ? '.' + one.className : ''));
        if (wide.length > 2) break; } } }
  return JSON.stringify({
    width: document.documentElement.scrollWidth, height: document.documentElement.scrollHeight, room, wide,
    broken: [...document.images].filter(one => !one.naturalWidth).map(one => one.getAttribute('src')),
    links: [...document.querySelectorAll('a[href]')].map(one => one.href),
    ids: [...document.querySelectorAll('[id], a[name]')].map(one => one.id || one.name)});
})()
'''


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        # Chromium asks for it by itself.
        if self.path == '/favicon.ico':
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()


def pages(site: Path, only: str) -> List[str]:
    """The pages from the site's root on."""
    found = [path.relative_to(site).as_posix() for path in sorted(site.rglob('*.html'))]
    return [one for one in found if only in one and not one.startswith(('_static/', '_downloads/'))]


def browser() -> str:
    for name in NAMES:
        if shutil.which(name):
            return str(shutil.which(name))
    raise SystemExit('There is no Chromium here: apt-get install chromium')


class Tab:
    """A page of a browser that is asked over its debugging protocol."""

    def __init__(self, loop: Any, socket: Any) -> None:
        self.loop, self.socket, self.number = loop, socket, 0
        self.events: List[Dict[str, Any]] = []

    async def _answer(self, method: str, params: Dict[str, Any]) -> Dict[str, Any]:
        self.number += 1
        await self.socket.write_message(json.dumps({'id': self.number, 'method': method, 'params': params}))
        while True:
            said = json.loads(await self.socket.read_message())
            if said.get('id') == self.number:
                if 'error' in said:
                    raise RuntimeError('%s: %s' % (method, said['error'].get('message')))
                return said['result']
            self.events.append(said)

    def ask(self, method: str, **params: Any) -> Dict[str, Any]:
        return self.loop.run_sync(lambda: self._answer(method, params), timeout=60)

    async def _until(self, method: str) -> None:
        while not any(one.get('method') == method for one in self.events):
            self.events.append(json.loads(await self.socket.read_message()))

    def open(self, url: str) -> None:
        self.events = []
        self.ask('Page.navigate', url=url)
        self.loop.run_sync(lambda: self._until('Page.loadEventFired'), timeout=60)

    def seen(self) -> Dict[str, Any]:
        found = self.ask('Runtime.evaluate', expression=SEEN, awaitPromise=True, returnByValue=True)
        return json.loads(found['result']['value'])

    def picture(self, width: int, height: int) -> bytes:
        found = self.ask('Page.captureScreenshot', captureBeyondViewport=True, clip={
            'x': 0, 'y': 0, 'width': width, 'height': min(height, TALLEST), 'scale': 1})
        return base64.b64decode(found['data'])


def opened(folder: str) -> Any:
    """The process, and a tab of it."""
    from tornado.httpclient import HTTPClient
    from tornado.ioloop import IOLoop
    from tornado.websocket import websocket_connect

    process = subprocess.Popen([browser(), '--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars',
                                '--no-first-run', '--disable-dev-shm-usage', '--remote-debugging-port=0',
                                '--user-data-dir=' + folder, 'about:blank'],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    told = Path(folder) / 'DevToolsActivePort'
    for _ in range(300):
        if told.exists() and told.read_text().strip():
            break
        if process.poll() is not None:
            raise SystemExit('Chromium ended as it began, with %d.' % process.returncode)
        time.sleep(.1)
    port = told.read_text().split()[0]
    tabs = json.loads(HTTPClient().fetch('http://127.0.0.1:%s/json/list' % port).body)
    url = [one['webSocketDebuggerUrl'] for one in tabs if one['type'] == 'page'][0]
    loop = IOLoop(make_current=False)
    socket = loop.run_sync(lambda: websocket_connect(url, max_message_size=2 ** 29))
    tab = Tab(loop, socket)
    for domain in ('Page', 'Network', 'Log', 'Runtime'):
        tab.ask(domain + '.enable')
    return process, tab


def said(events: List[Dict[str, Any]], root: str) -> Iterator[str]:
    """What went wrong while a page came."""
    for one in events:
        method, given = one.get('method'), one.get('params', {})
        if method == 'Log.entryAdded' and given['entry']['level'] == 'error':
            yield 'console: %s %s' % (given['entry']['text'], given['entry'].get('url', ''))
        elif method == 'Runtime.exceptionThrown':
            yield 'script: ' + given['exceptionDetails'].get('text', '')
        elif method == 'Runtime.consoleAPICalled' and given['type'] == 'error':
            yield 'console: %s' % ' '.join(str(arg.get('value', '')) for arg in given['args'])
        elif method == 'Network.responseReceived' and given['response']['status'] >= 400:
            yield '%d: %s' % (given['response']['status'], given['response']['url'])
        elif method == 'Network.loadingFailed' and not given.get('canceled'):
            yield 'not fetched: ' + given.get('errorText', '')
        elif method == 'Network.requestWillBeSent' and not given['request']['url'].startswith((root, 'data:')):
            yield 'fetched from elsewhere: ' + given['request']['url']


def lost(links: Dict[str, List[str]], ids: Dict[str, Set[str]], site: Path, root: str) -> Iterator[str]:
    """Links of pages that lead nowhere within the site."""
    for page, targets in links.items():
        for target in sorted(set(targets)):
            if not target.startswith(root):
                continue
            path, _, place = target[len(root):].partition('#')
            path = re.sub(r'\?.*', '', path) or 'index.html'
            if not (site / path).exists():
                yield '%s: there is no %s' % (page, path)
            elif place and path in ids and place not in ids[path] and place != 'top':
                yield '%s: no place %s in %s' % (page, place, path)


def sheets(out: Path, width: int) -> None:
    """Pictures side by side, each cut to the same height, sixteen on a sheet."""
    from PIL import Image

    paths, size = sorted((out / str(width)).glob('*.png')), (300, 600)
    for number in range(0, len(paths), 16):
        sheet = Image.new('RGB', (8 * (size[0] + 6), 2 * (size[1] + 6)), '#888')
        for place, path in enumerate(paths[number:number + 16]):
            picture = Image.open(path).convert('RGB')
            picture = picture.crop((0, 0, picture.width, min(picture.height, picture.width * 2))).resize(
                (size[0], int(size[0] * min(picture.height / picture.width, 2))))
            sheet.paste(picture, (place % 8 * (size[0] + 6), place // 8 * (size[1] + 6)))
        sheet.save(out / ('sheet_%d_%02d.png' % (width, number // 16)))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or '').splitlines()[0])
    parser.add_argument('site', type=Path)
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--only', default='', help='pages with this in their path')
    parser.add_argument('--widths', type=int, nargs='+', default=[1200, 400])
    parser.add_argument('--sheets', action='store_true', help='small pictures of all pages together as well')
    args = parser.parse_args()

    server = ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=str(args.site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root = 'http://127.0.0.1:%d/' % server.server_port
    names, wrong = pages(args.site, args.only), []
    links: Dict[str, List[str]] = {}
    ids: Dict[str, Set[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        process, tab = opened(folder)
        try:
            for width in args.widths:
                (args.out / str(width)).mkdir(parents=True, exist_ok=True)
                tab.ask('Emulation.setDeviceMetricsOverride', width=width, height=900, deviceScaleFactor=1,
                        mobile=False)
                for name in names:
                    tab.open(root + name)
                    seen = tab.seen()
                    where = '%s at %d: ' % (name, width)
                    wrong += [where + one for one in sorted(set(said(tab.events, root)))]
                    wrong += [where + 'broken picture ' + str(one) for one in seen['broken']]
                    if seen['width'] > seen['room']:
                        wrong.append('%s%d wide: %s' % (where, seen['width'], ', '.join(seen['wide'])))
                    links[name], ids[name] = seen['links'], set(seen['ids'])
                    picture = tab.picture(width, seen['height'])
                    (args.out / str(width) / (name[:-5].replace('/', '.') + '.png')).write_bytes(picture)
        finally:
            process.terminate()
            process.wait()
    if not args.only:
        wrong += list(lost(links, ids, args.site, root))
    if args.sheets:
        for width in args.widths:
            sheets(args.out, width)
    print('\n'.join(wrong + ['%d pages, %d widths, %d errors; pictures are in %s' % (
        len(names), len(args.widths), len(wrong), args.out)]))
    return bool(wrong)


if __name__ == '__main__':
    sys.exit(main())
