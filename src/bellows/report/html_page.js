// Draws the charts of a report or of a watched log from the JSON in the page. Nothing is fetched but, on the watch page,
// the state of the log from the program that serves it.
'use strict';
(function () {
  const dataElement = document.getElementById('data');
  let data = dataElement ? JSON.parse(dataElement.textContent) : {};
  const drawn = {};

  const colour = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const group = n => Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  function show(value, digits) {
    if (value === null || value === undefined || !isFinite(value)) return '–';
    if (Number.isInteger(value) && Math.abs(value) >= 1e4) return group(value);
    return Number(value.toPrecision(digits || 6)).toString();
  }
  function bits(value) {
    const a = Math.abs(value);
    if (a >= 1e9) return (value / 1e9).toPrecision(4) + ' Gbit';
    if (a >= 1e6) return (value / 1e6).toPrecision(4) + ' Mbit';
    if (a >= 1e3) return (value / 1e3).toPrecision(4) + ' kbit';
    return Number(value.toPrecision(4)) + ' bit';
  }

  // ---- CSV of what stands behind a chart
  const cell = v => v === null || v === undefined ? '' : /[",\n]/.test(String(v)) ? '"' + String(v).replace(/"/g, '""') + '"' : String(v);
  function toCsv(table) {
    return [table.columns].concat(table.rows).map(row => row.map(cell).join(',')).join('\n') + '\n';
  }
  function download(name, text) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
    link.download = name + '.csv';
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  // ---- series by block (dygraphs): points with intervals, horizontal lines, zoom, read-out by mouse and by keyboard
  function drawSeries(figure) {
    const name = figure.dataset.chart;
    const spec = data.series[name];
    const target = figure.querySelector('.chart');
    const readout = figure.querySelector('.readout');
    const at = Object.fromEntries(data.blocks.columns.map((column, i) => [column, i]));
    const triple = spec.interval !== undefined;
    const lines = spec.lines || [];
    const rows = data.blocks.rows.map(row => {
      const value = row[at[spec.value]];
      const point = triple ? (value === null ? [null, null, null] : [row[at[spec.interval[0]]], value, row[at[spec.interval[1]]]]) : [value, value, value];
      return [row[at.block], point];
    });
    let low = Infinity, high = -Infinity;
    for (const v of rows.flatMap(row => row[1]).concat(lines.map(line => line.value))) if (v !== null) { low = Math.min(low, v); high = Math.max(high, v); }
    if (!rows.some(row => row[1][1] !== null)) { target.textContent = 'No block has a value: some pair of settings never occurred.'; return; }
    const pad = (high - low) * 0.07 || 0.01;
    const series = {};
    series[spec.label] = { color: colour('mark'), strokeWidth: spec.joined ? 2 : 0, drawPoints: !spec.joined || rows.length < 3, pointSize: rows.length > 150 ? 2 : 3.5 };
    // Lines across the whole chart, however few blocks there are, and the interval of each point while there is room.
    const under = (context, area, chart) => {
      context.save();
      context.lineWidth = 1.5;
      for (const line of lines) {
        const y = chart.toDomYCoord(line.value);
        context.strokeStyle = colour(line.colour);
        context.setLineDash(line.dashed ? [6, 4] : []);
        context.beginPath();
        context.moveTo(area.x, y);
        context.lineTo(area.x + area.w, y);
        context.stroke();
      }
      context.setLineDash([]);
      context.strokeStyle = colour('mark');
      if (triple && rows.length <= 60) for (const [x, point] of rows) if (point[1] !== null) {
        const [left, from] = chart.toDomCoords(x, point[0]), to = chart.toDomYCoord(point[2]);
        context.beginPath();
        context.moveTo(left, from);
        context.lineTo(left, to);
        context.stroke();
      }
      context.restore();
    };
    const first = rows[0][0], last = rows[rows.length - 1][0];
    const margin = 0.5 + (last - first) * 0.01;
    const whole = { dateWindow: [first - margin, last + margin], valueRange: [low - pad, high + pad] };
    const chart = new Dygraph(target, rows, {
      labels: ['block', spec.label], underlayCallback: under,
      customBars: true, series, legend: 'never', fillAlpha: 0.22, gridLineColor: colour('line'), axisLineColor: colour('line'),
      valueRange: whole.valueRange, dateWindow: whole.dateWindow,
      xlabel: spec.x || 'block', axes: { y: { axisLabelWidth: 62, axisLabelFormatter: v => Number(v.toPrecision(7)).toString() },
                                         x: { axisLabelFormatter: v => Number.isInteger(v) ? group(v) : '', pixelsPerLabel: 70 } },
      highlightCallback: (event, x, points, row) => tell(row), unhighlightCallback: () => tell(null),
    });
    const paint = () => {
      chart.resize();
      series[spec.label].color = colour('mark');
      chart.updateOptions({ series, gridLineColor: colour('line'), axisLineColor: colour('line') });
    };
    drawn[name] = { chart, kind: 'series', whole, paint };
    let legend = figure.querySelector('.legend');
    if (!legend) { legend = document.createElement('p'); legend.className = 'legend'; readout.before(legend); }
    legend.replaceChildren(...[{ label: spec.label, colour: 'mark' }].concat(lines).map(line => {
      const item = document.createElement('span');
      item.style.setProperty('--swatch', 'var(--' + line.colour + ')');
      if (line.dashed) item.className = 'dashed';
      item.textContent = line.label + (line.value === undefined ? '' : ' ' + show(line.value, 6));
      return item;
    }));
    function tell(row) {
      if (row === null || !data.blocks.rows[row]) {
        readout.textContent = '';
        return;
      }
      const source = data.blocks.rows[row];
      let text = 'block ' + group(source[at.block]) + ': ' + spec.label + ' ' + show(source[at[spec.value]], 7);
      if (triple && source[at[spec.value]] !== null) text += ' (' + show(source[at[spec.interval[0]]], 7) + ' to ' + show(source[at[spec.interval[1]]], 7) + ')';
      text += ', ' + group(source[at.trials]) + ' trials';
      if (source[at.time_ms]) text += ', ' + new Date(source[at.time_ms]).toISOString().replace('T', ' ').slice(0, 19);
      readout.textContent = text;
    }
    tell(null);
    let selected = -1;
    const back = () => chart.updateOptions(whole);
    target.ondblclick = back;
    const zoom = factor => {
      const [from, to] = chart.xAxisRange(), middle = selected >= 0 ? rows[selected][0] : (from + to) / 2, half = (to - from) / 2 * factor;
      chart.updateOptions({ dateWindow: [middle - half, middle + half] });
    };
    target.onkeydown = event => {
      const move = { ArrowRight: 1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (move) selected = Math.min(rows.length - 1, Math.max(0, selected < 0 ? 0 : selected + move));
      else if (event.key === 'Home') selected = 0;
      else if (event.key === 'End') selected = rows.length - 1;
      else if (event.key === '+') return zoom(0.5);
      else if (event.key === '-') return zoom(2);
      else if (event.key === '0' || event.key === 'Escape') return back();
      else return;
      event.preventDefault();
      chart.setSelection(selected);
      tell(selected);
    };
    const reset = figure.querySelector('[data-do=reset]');
    if (reset) reset.onclick = back;
    const csv = figure.querySelector('[data-do=csv]');
    if (csv) csv.onclick = () => download(name, toCsv(data.blocks));
  }

  // ---- floating bars (Chart.js): the waterfall of bits, and frequencies within their allowed range
  function common() {
    Chart.defaults.color = colour('muted');
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.animation = false;
    return { responsive: true, maintainAspectRatio: false, indexAxis: 'y' };
  }
  function repaint(chart) {
    chart.options.color = colour('muted');
    for (const axis of Object.values(chart.options.scales)) {
      axis.grid.color = colour('line');
      axis.ticks.color = colour('muted');
    }
    chart.resize();
    chart.update();
  }
  const narrow = () => window.innerWidth < 520;
  const cut = (text, most) => text.length > most ? text.slice(0, most - 1) + '…' : text;

  function drawWaterfall(figure) {
    const name = figure.dataset.chart;
    const canvas = figure.querySelector('canvas');
    const all = data.waterfall;
    const end = all[all.length - 1].to;
    let close = figure.dataset.close === 'true';
    const colours = { start: 'limit', loss: 'mean', end: 'step' };
    const chart = new Chart(canvas, {
      type: 'bar',
      data: { labels: all.map(step => cut(step.label, narrow() ? 18 : 34)), datasets: [{
        data: all.map(step => [step.from, step.to]), backgroundColor: all.map(step => colour(colours[step.kind])), minBarLength: 2, categoryPercentage: 0.9, barPercentage: 0.85,
      }] },
      options: Object.assign(common(), {
        plugins: { legend: { display: false }, tooltip: { callbacks: { title: items => all[items[0].dataIndex].label, label: item => bits(all[item.dataIndex].bits) + ' (' + group(all[item.dataIndex].bits) + ')' } } },
        scales: { x: { grid: { color: colour('line') }, ticks: { callback: v => bits(v), maxRotation: 0, maxTicksLimit: narrow() ? 4 : 6 } }, y: { grid: { display: false }, ticks: { autoSkip: false } } },
      }),
    });
    const paint = () => {
      chart.data.datasets[0].backgroundColor = all.map(step => colour(colours[step.kind]));
      repaint(chart);
    };
    drawn[name] = { chart, kind: 'bars', paint };
    const button = figure.querySelector('[data-do=close]');
    // Close up: only what the proof takes away, from the proved entropy to the output.
    const proved = all.filter(step => step.kind === 'loss' && !step.unproved);
    function apply() {
      const x = chart.options.scales.x;
      const top = proved.length ? Math.max(...proved.map(step => Math.max(step.from, step.to))) : end;
      x.min = close ? Math.max(0, end - (top - end) * 0.25) : 0;
      x.max = close && top > x.min ? top + (top - x.min) * 0.03 : undefined;
      chart.update();
      if (button) button.setAttribute('aria-pressed', String(close));
    }
    if (button) button.onclick = () => { close = !close; figure.dataset.close = String(close); apply(); };
    apply();
    figure.querySelector('[data-do=csv]').onclick = () => download(name, toCsv({ columns: ['step', 'bits', 'from', 'to', 'why'], rows: all.map(step => [step.label, step.bits, step.from, step.to, step.why]) }));
  }

  function drawRanges(figure) {
    const name = figure.dataset.chart;
    const list = data.settings;
    const position = item => item.high > item.low ? (item.share - (item.low + item.high) / 2) / ((item.high - item.low) / 2) : (item.share === item.low ? 0 : Math.sign(item.share - item.low) * 2);
    const clamp = v => Math.max(-3, Math.min(3, v));
    const chart = new Chart(figure.querySelector('canvas'), {
      type: 'bar',
      data: { labels: list.map(item => item.name), datasets: [
        { type: 'line', showLine: false, data: list.map(item => clamp(position(item))), backgroundColor: list.map(item => colour(item.sigmas > data.settings_sigmas_allowed ? 'mean' : 'mark')), pointRadius: 6, pointHoverRadius: 8, label: 'seen' },
        { type: 'bar', data: list.map(() => [-1, 1]), backgroundColor: colour('line'), barPercentage: 0.55, label: 'allowed' },
      ] },
      options: Object.assign(common(), {
        plugins: { legend: { display: false }, tooltip: { callbacks: { label: item => { const s = list[item.dataIndex]; return s.name + ': ' + show(s.share, 7) + ', allowed ' + show(s.low, 6) + ' to ' + show(s.high, 6); } } } },
        scales: { x: { min: -3, max: 3, grid: { color: colour('line') }, title: { display: true, text: 'position in the range that the claimed bias allows (−1 to 1)' } }, y: { grid: { display: false }, ticks: { autoSkip: false } } },
      }),
    });
    const paint = () => {
      chart.data.datasets[0].backgroundColor = list.map(item => colour(item.sigmas > data.settings_sigmas_allowed ? 'mean' : 'mark'));
      chart.data.datasets[1].backgroundColor = colour('line');
      repaint(chart);
    };
    drawn[name] = { chart, kind: 'bars', paint };
    figure.querySelector('[data-do=csv]').onclick = () => download(name, toCsv({ columns: ['setting', 'count', 'of_trials', 'share', 'allowed_low', 'allowed_high', 'sigmas_outside'], rows: list.map(s => [s.name, s.count, s.of, s.share, s.low, s.high, s.sigmas]) }));
  }

  function drawAll() {
    for (const figure of document.querySelectorAll('figure[data-chart]')) {
      const before = drawn[figure.dataset.chart];
      // A chart that was zoomed stays so when new data come.
      const range = before && before.whole ? before.chart.xAxisRange() : null;
      const zoomed = range && range[1] - range[0] < (before.whole.dateWindow[1] - before.whole.dateWindow[0]) * 0.999 ? range : null;
      if (before) before.chart.destroy();
      delete drawn[figure.dataset.chart];
      const kind = figure.dataset.kind;
      if (kind === 'series' && data.series && data.series[figure.dataset.chart] && data.blocks.rows.length) {
        drawSeries(figure);
        if (zoomed && drawn[figure.dataset.chart]) drawn[figure.dataset.chart].chart.updateOptions({ dateWindow: zoomed });
      }
      if (kind === 'waterfall' && data.waterfall) drawWaterfall(figure);
      if (kind === 'ranges' && data.settings) drawRanges(figure);
    }
  }
  drawAll();
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);

  // On paper: in its colours, and no wider than the narrowest page, whatever the window was.
  const paperWidth = 600, paperHeight = { series: 230, bars: 340 };
  window.addEventListener('beforeprint', () => {
    for (const figure of document.querySelectorAll('figure[data-chart]')) {
      const one = drawn[figure.dataset.chart];
      if (!one) continue;
      const box = figure.querySelector('.chart');
      box.style.width = Math.min(paperWidth, box.clientWidth) + 'px';
      box.style.height = paperHeight[one.kind] + 'px';
      one.paint();
    }
  });
  window.addEventListener('afterprint', () => {
    for (const box of document.querySelectorAll('.chart')) box.style.width = box.style.height = '';
    drawAll();
  });

  window.bellows = { drawn, redraw: state => { data = state; drawAll(); }, show, group };
  document.documentElement.dataset.ready = 'true';
})();
