package main

import (
	"go/ast"
	"go/token"
	"path"
	"sort"
	"strconv"
)

// callees tells calls into other packages from calls within: names that stand for packages, and names
// of methods that this package declares.
type callees struct {
	imported, own map[string]bool
}

func methodNames(files []sourceFile) map[string]bool {
	names := map[string]bool{}
	for _, file := range files {
		for _, declaration := range file.tree.Decls {
			if method, ok := declaration.(*ast.FuncDecl); ok && method.Recv != nil {
				names[method.Name.Name] = true
			}
		}
	}
	return names
}

// importNames are the names under which a file knows other packages, but for unsafe, whose calls are
// none.
func importNames(file *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, spec := range file.Imports {
		importPath, err := strconv.Unquote(spec.Path.Value)
		if err != nil || importPath == "unsafe" {
			continue
		}
		name := path.Base(importPath)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = true
	}
	return names
}

// allocating lists, each once and sorted, what a function does that may take heap memory without a
// decision of the compiler's about it: "append" grows its slice, "map" assignment its table, "go"
// makes a stack, and a call into another package ("fmt.Fprintln") or of another's method (".Reset()")
// does what it likes. A concatenation ("+" with a string literal) makes a string.
func allocating(function *ast.FuncDecl, calls callees) []string {
	found := map[string]bool{}
	if function.Body != nil {
		ast.Inspect(function.Body, func(node ast.Node) bool {
			if word := allocatingNode(node, calls); word != "" {
				found[word] = true
			}
			return true
		})
	}
	words := make([]string, 0, len(found))
	for word := range found {
		words = append(words, word)
	}
	sort.Strings(words)
	return words
}

func allocatingNode(node ast.Node, calls callees) string {
	switch x := node.(type) {
	case *ast.GoStmt:
		return "go"
	case *ast.AssignStmt:
		if assignsThroughIndex(x) {
			return "map"
		}
	case *ast.BinaryExpr:
		if x.Op == token.ADD && (isString(x.X) || isString(x.Y)) {
			return "concatenation"
		}
	case *ast.CallExpr:
		return allocatingCall(x, calls)
	}
	return ""
}

func allocatingCall(call *ast.CallExpr, calls callees) string {
	switch callee := call.Fun.(type) {
	case *ast.Ident:
		if callee.Name == "append" {
			return "append"
		}
	case *ast.SelectorExpr:
		if of, ok := callee.X.(*ast.Ident); ok && calls.imported[of.Name] {
			return of.Name + "." + callee.Sel.Name
		}
		if calls.own[callee.Sel.Name] {
			return ""
		}
		return "." + callee.Sel.Name + "()"
	}
	return ""
}

// assignsThroughIndex says whether an assignment has an index with a string for it on its left side:
// without types nothing else tells a map from a slice, and a slice's elements need no memory.
func assignsThroughIndex(assignment *ast.AssignStmt) bool {
	for _, left := range assignment.Lhs {
		if index, ok := left.(*ast.IndexExpr); ok && isString(index.Index) {
			return true
		}
	}
	return false
}

func isString(expression ast.Expr) bool {
	literal, ok := expression.(*ast.BasicLit)
	return ok && literal.Kind == token.STRING
}
