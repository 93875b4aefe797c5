"""The page of an evaluation, as a Jinja template."""

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ report.model }}: evaluation</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 15px/1.45 system-ui, sans-serif; max-width: 1180px; margin: 2em auto;
    padding: 0 1em; }
  h1, h2 { font-weight: 600; } h2 { margin-top: 2em; }
  table { border-collapse: collapse; } caption { text-align: left; padding: .4em 0; }
  th, td { padding: .2em .8em; border-bottom: 1px solid #8884; text-align: right; }
  th { font-weight: 600; } th:first-child, td:first-child { text-align: left; }
  .no { color: #c33; font-weight: 600; } .yes { color: #2a7; }
  .row { display: flex; flex-wrap: wrap; gap: 14px; margin: 10px 0; }
  figure { margin: 0; width: 212px; } figcaption { font-size: 13px; min-height: 1.4em; }
  .pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(440px, 1fr)); }
  figure img { width: 100%; height: 150px; image-rendering: pixelated; border-radius: 4px; }
  audio { width: 100%; height: 32px; } .wide { max-width: 100%; background: white; }
  p.note { color: #888; margin: .2em 0; }
</style>
<h1>{{ report.model }}</h1>
<p>Generated notes beside real ones of <code>{{ report.data }}</code>. Model
<code>{{ report.model_hash[:12] }}</code>, seed {{ report.seed }}. The figures are also in
<a href="report.json">report.json</a>.</p>

<h2>Figures</h2>
<table>
<tr><th>figure<th>n<th>generated<th>real<th>goal<th>reached</tr>
{% for figure in report.figures.values() -%}
<tr><td>{{ figure.title }}<td>{{ figure.n_notes }}
<td>{{ format(figure.value, figure.unit) }}{{ interval(figure.interval) }}
<td>{{ format(figure.real, figure.unit) }}{{ interval(figure.real_interval) }}
<td>{{ figure.goal }}<td class="{{ marks[figure.reached] }}">{{ marks[figure.reached] }}</tr>
{% endfor -%}
</table>

<h2>Texture by family</h2>
<table>
<caption>Generated / real.</caption>
<tr><th>family<th>n<th>flux<th>jitter, dB<th>vibrato, cents<th>within 25 %</tr>
{% for family, row in report.families.items() -%}
<tr><td>{{ family }}<td>{{ row.n_notes }}
<td>{{ "%.2f / %.2f"|format(row.generated.flux, row.real.flux) }}
<td>{{ "%.2f / %.2f"|format(row.generated.jitter_db, row.real.jitter_db) }}
<td>{{ "%.1f / %.1f"|format(row.generated.vibrato_cents, row.real.vibrato_cents) }}
<td class="{{ marks[row.alive] }}">{{ marks[row.alive] }}</tr>
{% endfor -%}
</table>
{% for note in notes %}<p class="note">{{ note }}</p>
{% endfor %}
<p>The pictures are rainbowgrams: time to the right, pitch upward, bright is loud down to -60 dB,
and the colour is the instantaneous frequency: a partial that stands still keeps its colour.</p>
{% for section in sections %}
<h2>{{ section.title }}</h2>
<p>{{ section.text }}</p>
<div{% if section.rows[0]|length == 2 %} class="pairs"{% endif %}>
{% for row in section.rows -%}
<div class="row">
{% for sound in row -%}
<figure><figcaption>{{ sound.title }}</figcaption>
<img src="pictures/{{ sound.name }}.png" alt="Rainbowgram of {{ sound.title }}">
<audio controls preload="none" src="audio/{{ sound.name }}.flac"></audio></figure>
{% endfor -%}
</div>
{% endfor -%}
</div>
{% endfor %}
<h2>Coverage</h2>
<p>Notes at middle C by the two main axes of the real notes' log-mel specgrams: drawn ones should
lie among the real ones, and as far apart.</p>
<img class="wide" src="pictures/coverage.png" alt="Real, generated and drawn notes on a plane">
</html>
"""
