// Keeps the page of a watched log up to date from the program that serves it.
'use strict';
(function () {
  const byId = id => document.getElementById(id);
  const { show, group } = window.bellows;
  const bits = v => v >= 1e9 ? (v / 1e9).toPrecision(4) + ' Gbit' : v >= 1e6 ? (v / 1e6).toPrecision(4) + ' Mbit' : v >= 1e3 ? (v / 1e3).toPrecision(4) + ' kbit' : v + ' bit';
  const duration = s => s < 60 ? Math.round(s) + ' s' : s < 3600 ? Math.floor(s / 60) + ' min ' + Math.round(s % 60) + ' s' : Math.floor(s / 3600) + ' h ' + Math.floor(s / 60 % 60) + ' min';
  function fact(name, value) {
    const box = document.createElement('div'), term = document.createElement('dt'), text = document.createElement('dd');
    term.textContent = name;
    text.textContent = value;
    box.append(term, text);
    return box;
  }
  function tell(page) {
    const s = page.state, scores = s.summary || null;
    byId('headline').textContent = s.complete ? 'The log is complete' : s.trials ? 'Being written' : 'No trials yet';
    byId('progress').textContent = group(s.trials) + ' trials' + (s.planned_trials ? ' of ' + group(s.planned_trials) + ' (' + (100 * s.trials / s.planned_trials).toFixed(1) + ' %)' : '') +
      ', ' + group(s.blocks) + (s.blocks === 1 ? ' block' : ' blocks') + (s.trials_per_second ? ', ' + show(s.trials_per_second, 4) + ' a second' : '') + (s.seconds_left !== null && s.seconds_left !== undefined ? ', ' + duration(s.seconds_left) + ' left' : '') + '.';
    const facts = [];
    if (scores && scores.s) facts.push(fact('S (95 %)', show(scores.s.value, 6) + ' ± ' + show(1.96 * scores.s.standard_error, 2)));
    if (scores && scores.s_mu) facts.push(fact('S_mu', show(scores.s_mu.value, 4)));
    if (scores && scores.omega) facts.push(fact('share of trials won', show(scores.omega.value, 7)));
    if (s.threshold !== null) facts.push(fact(s.threshold_reached ? 'threshold reached' : 'lowest threshold', show(s.threshold, 7)));
    if (s.expected_output_bits !== null) facts.push(fact('expected at the plan\u2019s end, if the score stays', s.expected_output_bits ? bits(s.expected_output_bits) : 'no bits'));
    byId('facts').replaceChildren(...facts);
    byId('alarms').replaceChildren(...s.alarms.map(alarm => {
      const banner = document.createElement('p');
      banner.className = 'banner bad';
      banner.textContent = 'Alarm: ' + alarm;
      return banner;
    }));
  }
  let last = '';
  const first = JSON.parse(byId('data').textContent);
  tell(first);
  async function update() {
    try {
      const answer = await fetch('/state.json', { cache: 'no-store' });
      const text = await answer.text();
      byId('connection').textContent = '';
      if (text !== last) {
        last = text;
        const page = JSON.parse(text);
        tell(page);
        if (!document.querySelector('.chart:focus')) window.bellows.redraw(page);
      }
    } catch (error) {
      byId('connection').textContent = 'The program that serves this page no longer answers.';
    }
    setTimeout(update, 2000);
  }
  setTimeout(update, 2000);
})();
