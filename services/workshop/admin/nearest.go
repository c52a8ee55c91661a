package admin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"workshop.example/kit/service"
)

// missing is the error for something that is not there, with the names that were perhaps meant.
func missing(kind, name string, all []string, remedy string) error {
	near := nearest(name, all)
	if len(near) == 0 {
		return fmt.Errorf("%s %s does not exist; %s", kind, name, remedy)
	}
	return fmt.Errorf("%s %s does not exist; did you mean %s? %s", kind, name, service.Safe(strings.Join(near, ", or ")), remedy)
}

// nearest are up to three of the names that are alike, the most alike first.
func nearest(name string, all []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	for _, other := range all {
		a, b := strings.ToLower(name), strings.ToLower(other)
		d := distance(a, b)
		// A slip changes a few letters of a name; a forgotten end, such as .dlq, may be longer.
		if d <= max(2, len(name)/3) || len(a) >= 3 && (strings.HasPrefix(b, a) || strings.HasPrefix(a, b) && len(b) >= 3) {
			near = append(near, candidate{other, d})
		}
	}
	slices.SortFunc(near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	var names []string
	for _, c := range near[:min(3, len(near))] {
		names = append(names, c.name)
	}
	return names
}

// distance is Levenshtein's: how many letters have to be inserted, deleted or replaced.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
