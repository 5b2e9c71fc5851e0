package pipeline

import (
	"encoding/xml"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The sizes of the picture in pixels. A letter of the font is 7 wide at most.
const (
	svgLetter = 7
	svgHeight = 40
	svgGapX   = 56
	svgGapY   = 16
	svgMargin = 16
	svgLabel  = 40 // letters of a name that are shown
)

// box is the place of a step.
type box struct{ x, y, width int }

// writeSVG draws the stages from left to right.
func (p *Pipeline) writeSVG(b *strings.Builder, g *graph) {
	boxes := make([]box, len(p.Steps))
	x, height := svgMargin, 0
	for _, steps := range g.stages() {
		widest := 0
		for at, i := range steps {
			letters := max(len([]rune(shortened(p.Steps[i].Name))), len([]rune(shortened(p.Steps[i].Type))))
			boxes[i] = box{x: x, y: svgMargin + at*(svgHeight+svgGapY), width: letters*svgLetter + 24}
			widest = max(widest, boxes[i].width)
		}
		height = max(height, len(steps)*(svgHeight+svgGapY)-svgGapY)
		x += widest + svgGapX
	}
	width := x - svgGapX + svgMargin
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="12">`+"\n", width, height+2*svgMargin)
	fmt.Fprintf(b, "<title>%s</title>\n", xmlText(p.Name))
	b.WriteString(`<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#667"/></marker></defs>` + "\n")
	fmt.Fprintf(b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height+2*svgMargin)
	for _, edge := range g.edges() {
		from, to := boxes[edge[0]], boxes[edge[1]]
		x1, y1, x2, y2 := from.x+from.width, from.y+svgHeight/2, to.x, to.y+svgHeight/2
		bend := (x2 - x1) / 2
		fmt.Fprintf(b, `<path d="M%d,%d C%d,%d %d,%d %d,%d" fill="none" stroke="#667"%s marker-end="url(#tip)"/>`+"\n",
			x1, y1, x1+bend, y1, x2-bend, y2, x2, y2, pick(g.inferred(edge), ` stroke-dasharray="4 4"`, ""))
	}
	for _, i := range g.order {
		p.writeBox(b, &p.Steps[i], boxes[i])
	}
	b.WriteString("</svg>\n")
}

func (p *Pipeline) writeBox(b *strings.Builder, s *Step, at box) {
	dashed := ""
	if !s.enabled() {
		dashed = ` stroke-dasharray="4 4"`
	}
	fmt.Fprintf(b, `<g><title>%s</title><rect x="%d" y="%d" width="%d" height="%d" rx="6" fill="#eef3fb" stroke="#35507a"%s/>`,
		xmlText(s.Name), at.x, at.y, at.width, svgHeight, dashed)
	y := at.y + svgHeight/2 + 4
	if s.Type != "" {
		y -= 7
		fmt.Fprintf(b, `<text x="%d" y="%d" fill="#667" font-size="10">%s</text>`, at.x+12, y+14, xmlText(shortened(s.Type)))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" fill="#112">%s</text></g>`+"\n", at.x+12, y, xmlText(shortened(s.Name)))
}

// shortened cuts a name that is too long for a box; the whole one is shown when
// the pointer rests on the box.
func shortened(text string) string {
	if utf8.RuneCountInString(text) <= svgLabel {
		return text
	}
	return string([]rune(text)[:svgLabel-1]) + "…"
}

func xmlText(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a builder takes all
	return b.String()
}
