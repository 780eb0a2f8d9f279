// Command go-functions says which lines of a package belong to which function.
//
//	go-functions [-tests] DIR
//
// The compiler tells its decisions by file and line; `heapmark escape` wants them by function. So
// this prints a line per function and method of the Go files of DIR, its fields separated by tabs:
//
//	file  first-line  last-line  function  body-line  allocating  cold
//
// file is the base name, function the compiler's name without type arguments ("stackIt2",
// "(*Shape).Area", "Shape.Area"); closures belong to the function they stand in. body-line is where
// its brace opens: names above it are parameters. allocating is what may take heap memory at run time
// without the compiler deciding so (see allocating.go), cold the lines that seldom run (see cold.go),
// as ranges joined by commas; both may be empty. Test files are left out without -tests, build
// constraints are not looked at: a line of a file that was not compiled is never asked for.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	tests := flag.Bool("tests", false, "the files *_test.go too")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: go-functions [-tests] DIR")
		os.Exit(2)
	}
	out := bufio.NewWriter(os.Stdout)
	err := printPackage(out, flag.Arg(0), *tests)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "go-functions: %v\n", err)
		os.Exit(1)
	}
}

// sourceFile is a parsed file of the package.
type sourceFile struct {
	name string
	tree *ast.File
}

func printPackage(out io.Writer, dir string, tests bool) error {
	positions := token.NewFileSet()
	files, err := parsePackage(positions, dir, tests)
	if err != nil {
		return err
	}
	own := methodNames(files)
	for _, file := range files {
		calls := callees{importNames(file.tree), own}
		if err := printFile(out, positions, file, calls); err != nil {
			return err
		}
	}
	return nil
}

// isSource says whether Go reads a file of that name: an editor's lock (.#a.go) it does not.
func isSource(name string) bool {
	return strings.HasSuffix(name, ".go") && name[0] != '.' && name[0] != '_'
}

// parsePackage takes of a file with errors what could be parsed: such a file is the compiler's to
// refuse.
func parsePackage(positions *token.FileSet, dir string, tests bool) ([]sourceFile, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, err
	}
	var files []sourceFile
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || !isSource(name) || !tests && strings.HasSuffix(name, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(positions, filepath.Join(dir, name), nil,
			parser.SkipObjectResolution)
		if tree == nil {
			return nil, err
		}
		files = append(files, sourceFile{name, tree})
	}
	return files, nil
}

func printFile(out io.Writer, positions *token.FileSet, file sourceFile, calls callees) error {
	for _, declaration := range file.tree.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok {
			continue
		}
		body := function.End()
		if function.Body != nil {
			body = function.Body.Lbrace
		}
		_, err := fmt.Fprintf(out, "%s\t%d\t%d\t%s\t%d\t%s\t%s\n", file.name,
			lineOf(positions, function.Pos()), lineOf(positions, function.End()),
			compilerName(function), lineOf(positions, body),
			strings.Join(allocating(function, calls), " "),
			strings.Join(cold(function, positions), ","))
		if err != nil {
			return err
		}
	}
	return nil
}

// lineOf is not what a //line comment says: that must not move a function into another file.
func lineOf(files *token.FileSet, at token.Pos) int {
	return files.PositionFor(at, false).Line
}

// compilerName names a function as the compiler's diagnostics do.
func compilerName(function *ast.FuncDecl) string {
	name := function.Name.Name
	if function.Recv == nil || len(function.Recv.List) == 0 {
		return name
	}
	receiver := function.Recv.List[0].Type
	for {
		parenthesised, ok := receiver.(*ast.ParenExpr)
		if !ok {
			break
		}
		receiver = parenthesised.X
	}
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		return "(*" + typeName(pointer.X) + ")." + name
	}
	return typeName(receiver) + "." + name
}

// typeName is the name of a receiver's type without its type parameters.
func typeName(expression ast.Expr) string {
	switch x := expression.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.ParenExpr:
		return typeName(x.X)
	case *ast.IndexExpr:
		return typeName(x.X)
	case *ast.IndexListExpr:
		return typeName(x.X)
	}
	return "?"
}
