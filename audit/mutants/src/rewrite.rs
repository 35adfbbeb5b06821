//! A source with its mutants behind switches.
//!
//! A mutant is a change of the text, and what a switch holds must mean the same as the changed text
//! would. Where it could mean something else, the mutant gets no switch.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use syn::{
    Expr, Signature,
    spanned::Spanned,
    visit::{self, Visit},
};

use crate::mutant::{Mutant, offset};

/// A source that was rewritten.
pub struct Rewritten {
    pub text: String,
    /// Which bytes of the text are there for which mutant. One that has none is behind no switch.
    pub marks: Vec<(Range<usize>, usize)>,
}

/// Rewrites a source so that it asks at each mutant's place whether that one is on. A constant
/// function can't ask: all but those of the names in `constant` are made plain ones.
pub fn rewritten(
    source: &str,
    mutants: &[(usize, &Mutant)],
    constant: &BTreeSet<String>,
) -> Result<Rewritten, String> {
    let ast = syn::parse_file(source).map_err(|error| error.to_string())?;
    let (at, operands, edits) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
    let mut rewriting = Rewriting { source, at, operands, constant, edits };
    for (number, mutant) in mutants {
        let at = rewriting.at.entry(offset(source, mutant.start)).or_default();
        at.push((*number, mutant));
    }
    rewriting.visit_file(&ast);
    rewriting.bodies();
    Ok(rewriting.finish())
}

/// What is put in front of, or behind, a place in the source.
struct Edit {
    at: usize,
    /// What closes stands before what opens; of what closes the inner one first, of what opens the
    /// outer one.
    order: (u8, i64),
    /// The bytes of the source that go.
    drops: usize,
    pieces: Vec<(String, Option<usize>)>,
}

struct Rewriting<'s, 'm> {
    source: &'s str,
    /// The mutants whose place isn't found yet, by where they begin.
    at: BTreeMap<usize, Vec<(usize, &'m Mutant)>>,
    /// Where the operators stand of expressions that are an operand as they are, with no
    /// parentheses around them.
    operands: BTreeSet<usize>,
    constant: &'s BTreeSet<String>,
    edits: Vec<Edit>,
}

impl Rewriting<'_, '_> {
    fn range(&self, spanned: &impl Spanned) -> Range<usize> {
        let span = spanned.span();
        let (start, end) = (span.start(), span.end());
        offset(self.source, (start.line, start.column + 1))
            ..offset(self.source, (end.line, end.column + 1))
    }

    fn text(&self, spanned: &impl Spanned) -> String {
        self.source[self.range(spanned)].to_owned()
    }

    /// The mutants of a kind that begin here.
    fn take(&mut self, at: usize, genre: &str) -> Vec<(usize, String)> {
        let Some(held) = self.at.get_mut(&at) else { return Vec::new() };
        let taken = held.extract_if(.., |(_, mutant)| mutant.genre == genre);
        taken.map(|(number, mutant)| (number, mutant.replacement.clone())).collect()
    }

    /// Puts other expressions beside one: each of them if its mutant is on.
    fn beside(&mut self, range: Range<usize>, others: Vec<(usize, String)>) {
        if others.is_empty() {
            return;
        }
        let mut pieces = vec![("(".to_owned(), None)];
        pieces.extend(others.into_iter().map(|(number, other)| {
            (format!("if {} {{ {other} }} else ", on(number)), Some(number))
        }));
        pieces.push(("{ ".to_owned(), None));
        self.wrap(range, pieces, " })");
    }

    fn wrap(&mut self, range: Range<usize>, pieces: Vec<(String, Option<usize>)>, close: &str) {
        let far = |at: usize| -i64::try_from(at).unwrap_or(i64::MAX);
        let (start, end) = (range.start, range.end);
        self.edits.push(Edit { at: start, order: (1, far(end)), drops: 0, pieces });
        let pieces = vec![(close.to_owned(), None)];
        self.edits.push(Edit { at: end, order: (0, far(start)), drops: 0, pieces });
    }

    /// Functions that return something else at once.
    fn bodies(&mut self) {
        let places: Vec<usize> = self.at.keys().copied().collect();
        for at in places {
            for (number, value) in self.take(at, "FnValue") {
                let text = format!("if {} {{ return {value}; }} ", on(number));
                let order = (1, i64::MIN + i64::try_from(number).unwrap_or(0));
                self.edits.push(Edit { at, order, drops: 0, pieces: vec![(text, Some(number))] });
            }
        }
    }

    /// Makes a constant function a plain one. What it returns at once must be constant there: a
    /// call may not be.
    fn plain(&mut self, signature: &Signature, block: &syn::Block) {
        let Some(token) = &signature.constness else { return };
        for (_, held) in self.at.range_mut(self.range(block)) {
            let is_call = |value: &str| value.contains("::") && value.contains('(');
            held.retain(|(_, mutant)| mutant.genre != "FnValue" || !is_call(&mutant.replacement));
        }
        if !self.constant.contains(&signature.ident.to_string()) {
            let range = self.range(token);
            let (at, drops) = (range.start, range.len());
            self.edits.push(Edit { at, order: (2, 0), drops, pieces: Vec::new() });
        }
    }

    fn finish(mut self) -> Rewritten {
        self.edits.sort_by_key(|edit| (edit.at, edit.order));
        let (mut text, mut marks, mut last) = (String::new(), Vec::new(), 0);
        for edit in &self.edits {
            text += &self.source[last..edit.at];
            last = edit.at + edit.drops;
            for (piece, number) in &edit.pieces {
                let start = text.len();
                text += piece;
                marks.extend(number.map(|number| (start..text.len(), number)));
            }
        }
        text += &self.source[last..];
        Rewritten { text, marks }
    }
}

impl<'a> Visit<'a> for Rewriting<'_, '_> {
    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        self.plain(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        self.plain(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_expr_binary(&mut self, expr: &'a syn::ExprBinary) {
        let at = self.range(&expr.op).start;
        let mut operators = self.take(at, "BinaryOperator");
        // A looser one would take in more of the text than this expression.
        if self.operands.contains(&at) {
            let own = binds_by(&self.text(&expr.op));
            operators.retain(|(_, other)| binds_by(other) >= own);
        }
        for side in [&expr.left, &expr.right] {
            if let Expr::Binary(side) = side.as_ref() {
                self.operands.insert(self.range(&side.op).start);
            }
        }
        // What a `let` binds is known in its own condition only.
        if !binds(&expr.left) && !binds(&expr.right) {
            let (left, right) = (self.text(&expr.left), self.text(&expr.right));
            let others = operators.into_iter();
            let others = others.map(|(number, other)| (number, format!("{left} {other} {right}")));
            self.beside(self.range(expr), others.collect());
        }
        visit::visit_expr_binary(self, expr);
    }

    fn visit_expr_unary(&mut self, expr: &'a syn::ExprUnary) {
        let operators = self.take(self.range(&expr.op).start, "UnaryOperator");
        let operand = self.text(&expr.expr);
        let others = operators.into_iter();
        let others = others.map(|(number, other)| (number, format!("{other} {operand}")));
        self.beside(self.range(expr), others.collect());
        visit::visit_expr_unary(self, expr);
    }

    fn visit_expr_struct(&mut self, expr: &'a syn::ExprStruct) {
        let whole = self.range(expr);
        let mut others = Vec::new();
        for field in expr.fields.pairs() {
            let without = self.range(&field);
            for (number, _) in self.take(without.start, "StructField") {
                let text = [whole.start..without.start, without.end..whole.end];
                others.push((number, text.map(|range| &self.source[range]).concat()));
            }
        }
        self.beside(whole, others);
        visit::visit_expr_struct(self, expr);
    }

    fn visit_arm(&mut self, arm: &'a syn::Arm) {
        let gone = self.take(self.range(arm).start, "MatchArm");
        match arm.guard.as_ref().map(|(_, guard)| guard) {
            Some(guard) => {
                let mut others = self.take(self.range(guard).start, "MatchArmGuard");
                others.extend(gone.into_iter().map(|(number, _)| (number, "false".to_owned())));
                if !binds(guard) {
                    self.beside(self.range(guard), others);
                }
            }
            None => {
                for (number, _) in gone {
                    let pieces = vec![(format!(" if !{} ", on(number)), Some(number))];
                    let at = self.range(&arm.pat).end;
                    self.edits.push(Edit { at, order: (1, 0), drops: 0, pieces });
                }
            }
        }
        visit::visit_arm(self, arm);
    }
}

/// Whether an expression of a condition has a `let`.
fn binds(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(expr) => binds(&expr.left) || binds(&expr.right),
        _ => false,
    }
}

/// How tightly an operator binds.
fn binds_by(operator: &str) -> usize {
    let looser = [&["*", "/", "%"][..], &["+", "-"], &["<<", ">>"], &["&"], &["^"], &["|"]];
    let looser = looser.into_iter().chain([&["==", "!=", "<", ">", "<=", ">="][..], &["&&"]]);
    let place = looser.chain([&["||"][..]]).position(|alike| alike.contains(&operator));
    // What assigns binds least.
    place.map_or(0, |place| 9 - place)
}

fn on(number: usize) -> String {
    format!("crate::switched::on({number})")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source with its mutants, each by the text it begins at, and what it is rewritten to.
    #[track_caller]
    fn check(source: &str, mutants: &[(&str, &str, &str)], expected: &str) {
        let mutant = |(genre, at, replacement): &(&str, &str, &str)| {
            let before = &source[..source.find(at).unwrap()];
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            Mutant {
                name: String::new(),
                file: String::new(),
                genre: (*genre).to_owned(),
                start: (before.matches('\n').count() + 1, column),
                end: (1, 1),
                replacement: (*replacement).to_owned(),
            }
        };
        let mutants: Vec<Mutant> = mutants.iter().map(mutant).collect();
        let numbered: Vec<_> = mutants.iter().enumerate().collect();
        let constant = BTreeSet::from(["kept".to_owned()]);
        let made = rewritten(source, &numbered, &constant).unwrap();
        assert_eq!(made.text.replace("crate::switched::on", "on"), expected);
        for (range, number) in made.marks {
            assert!(made.text[range].contains(&format!("on({number})")));
        }
    }

    #[test]
    fn a_function_returns_at_once() {
        check(
            "fn f() -> u8 {\n    g()\n}",
            &[("FnValue", "g()", "0"), ("FnValue", "g()", "1")],
            "fn f() -> u8 {\n    if on(0) { return 0; } if on(1) { return 1; } g()\n}",
        );
    }

    #[test]
    fn operators_have_others_beside_them_and_nest() {
        check(
            "fn f() { é + b * -c }",
            &[
                ("BinaryOperator", "+", "-"),
                ("BinaryOperator", "*", "/"),
                ("UnaryOperator", "-", ""),
            ],
            "fn f() { (if on(0) { é - b * -c } else { é + (if on(1) { b / -c } else \
             { b * (if on(2) {  c } else { -c }) }) }) }",
        );
    }

    #[test]
    fn a_looser_operator_within_a_chain_is_left() {
        check(
            "fn f() { a && b && c; d + e - g; (h && i) && j }",
            &[
                ("BinaryOperator", "&& b", "||"),
                ("BinaryOperator", "&& c", "||"),
                ("BinaryOperator", "+ e", "|"),
                ("BinaryOperator", "+ e", "*"),
                ("BinaryOperator", "&& i", "||"),
            ],
            "fn f() { (if on(1) { a && b || c } else { a && b && c }); \
             (if on(3) { d * e } else { d + e }) - g; \
             ((if on(4) { h || i } else { h && i })) && j }",
        );
    }

    #[test]
    fn what_a_constant_function_could_not_call_is_left() {
        check(
            "const fn f() -> A { g() } fn h() -> A { i() }",
            &[
                ("FnValue", "g()", "Default::default()"),
                ("FnValue", "g()", "Some(1)"),
                ("FnValue", "i()", "Default::default()"),
            ],
            " fn f() -> A { if on(1) { return Some(1); } g() } \
             fn h() -> A { if on(2) { return Default::default(); } i() }",
        );
    }

    #[test]
    fn an_arm_is_never_taken() {
        check(
            "fn f() { match x { 0 => a, n if n > y => b, _ => c } }",
            &[
                ("MatchArm", "0 =>", ""),
                ("MatchArm", "n if", ""),
                ("MatchArmGuard", "n >", "true"),
                ("BinaryOperator", "> y", "<"),
            ],
            "fn f() { match x { 0 if !on(0)  => a, n if (if on(2) { true } else if on(1) { false } else \
             { (if on(3) { n < y } else { n > y }) }) => b, _ => c } }",
        );
    }

    #[test]
    fn a_field_comes_from_the_rest() {
        check(
            "fn f() { A { b: 1, ..c } }",
            &[("StructField", "b:", "")],
            "fn f() { (if on(0) { A {  ..c } } else { A { b: 1, ..c } }) }",
        );
    }

    #[test]
    fn a_condition_that_binds_is_left() {
        check(
            "fn f() { if let Some(x) = a && b {} }",
            &[("BinaryOperator", "&&", "||")],
            "fn f() { if let Some(x) = a && b {} }",
        );
    }

    #[test]
    fn a_constant_function_becomes_a_plain_one_unless_it_is_named() {
        check("pub const fn f() {} const fn kept() {}", &[], "pub  fn f() {} const fn kept() {}");
    }
}
