package main

import (
	"fmt"
	"go/ast"
	"go/token"
)

// cold lists the lines of a function that seldom run, so that what escapes there costs nothing per
// operation: those on the way to a panic (blocks whose last statement is one, and panics by
// themselves), what a sync.Pool makes when it is empty (New: func() ...), and what a sync.Once does.
func cold(function *ast.FuncDecl, files *token.FileSet) []string {
	var ranges []string
	if function.Body == nil {
		return nil
	}
	add := func(first, last ast.Node) {
		ranges = append(ranges, fmt.Sprintf("%d-%d", lineOf(files, first.Pos()),
			lineOf(files, last.End())))
	}
	ast.Inspect(function.Body, func(node ast.Node) bool {
		statements := statementsOf(node)
		if node == function.Body || len(statements) == 0 {
			return true
		}
		last := statements[len(statements)-1]
		if !isPanic(last) {
			return true
		}
		add(statements[0], last)
		return false
	})
	ast.Inspect(function.Body, func(node ast.Node) bool {
		if literal := seldomCalled(node); literal != nil {
			add(literal, literal)
		}
		return true
	})
	if statements := function.Body.List; len(statements) > 0 && isPanic(statements[len(statements)-1]) {
		last := statements[len(statements)-1]
		add(last, last)
	}
	return ranges
}

// statementsOf are the statements of what runs as a whole or not at all.
func statementsOf(node ast.Node) []ast.Stmt {
	switch x := node.(type) {
	case *ast.BlockStmt:
		return x.List
	case *ast.CaseClause:
		return x.Body
	case *ast.CommClause:
		return x.Body
	}
	return nil
}

func isPanic(statement ast.Stmt) bool {
	expression, ok := statement.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := expression.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	name, ok := call.Fun.(*ast.Ident)
	return ok && name.Name == "panic"
}

// seldomCalled is the function literal that a pool calls when it is empty, or a sync.Once once.
func seldomCalled(node ast.Node) ast.Node {
	switch x := node.(type) {
	case *ast.KeyValueExpr:
		name, ok := x.Key.(*ast.Ident)
		literal, is := x.Value.(*ast.FuncLit)
		if ok && is && name.Name == "New" {
			return literal
		}
	case *ast.CallExpr:
		callee, ok := x.Fun.(*ast.SelectorExpr)
		if !ok || callee.Sel.Name != "Do" || len(x.Args) != 1 {
			return nil
		}
		if literal, is := x.Args[0].(*ast.FuncLit); is {
			return literal
		}
	}
	return nil
}
