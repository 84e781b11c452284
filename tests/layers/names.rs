//! What a crate's source names: every path and use-tree, followed through renames, re-exports and globs.

use proc_macro2::{Delimiter, Ident, Punct, Spacing, TokenStream, TokenTree};
use std::collections::{BTreeMap, HashMap, HashSet};
use syn::{
    Attribute, Item, ItemExternCrate, ItemMacro, ItemMod, ItemUse, Meta, UseTree,
    spanned::Spanned,
    visit::{self, Visit},
};

/// Segments; an absolute one begins with `crate` or with the name of another crate.
pub type Path = Vec<String>;

/// One place where something is named.
#[derive(Clone, Debug)]
pub struct Named {
    /// As in `src/model/check.rs`.
    pub file: String,
    pub line: usize,
    /// The module that the file is, whatever inline module of it the place is in.
    pub of: Path,
    /// Inside `#[cfg(test)]`.
    pub test: bool,
    /// Everything below it: `use a::*`.
    pub glob: bool,
    /// What is written, made absolute, and all that it stands for.
    pub forms: Vec<Path>,
}

/// A path as it is written, before anything is known of the other files.
struct Raw {
    file: usize,
    line: usize,
    module: Path,
    test: bool,
    glob: bool,
    /// Written with `::` in front.
    outside: bool,
    segments: Path,
    /// The name that a `use` gives to it.
    binds: Option<String>,
}

/// The files of a crate: names as in `src/model/check.rs`, and texts.
#[derive(Default)]
pub struct Crate {
    files: Vec<(String, Path)>,
    raw: Vec<Raw>,
    modules: HashSet<Path>,
    test_modules: HashSet<Path>,
    renames: HashMap<(Path, String), Vec<Path>>,
    globs: HashMap<Path, Vec<Path>>,
    /// Where the word `unsafe`, or a permission for it, stands.
    pub unsafes: Vec<(String, usize, Path)>,
}

impl Crate {
    /// Parses every file.
    pub fn parse(files: &BTreeMap<String, String>) -> Self {
        let mut found = Self::default();
        let parsed: Vec<(&String, syn::File)> = files
            .iter()
            .map(|(name, text)| (name, syn::parse_file(text).unwrap_or_else(|e| panic!("{name}: {e}"))))
            .collect();
        let moved: HashMap<String, Path> = parsed.iter().flat_map(|(name, file)| moved(name, file)).collect();
        for (name, file) in &parsed {
            let module = moved.get(*name).cloned().unwrap_or_else(|| module_of(name));
            found.modules.insert(module.clone());
            found.files.push(((*name).clone(), module.clone()));
            let at = found.files.len() - 1;
            let tokens: TokenStream = files[*name].parse().unwrap_or_else(|e| panic!("{name}: {e}"));
            let mut lines = Vec::new();
            unsafe_words(tokens, &mut lines);
            found.unsafes.extend(lines.into_iter().map(|line| ((*name).clone(), line, module.clone())));
            Visitor { found: &mut found, file: at, module, test: false }.visit_file(file);
        }
        found.link();
        found
    }

    /// The modules at the top, as `lib.rs` declares them.
    pub fn layers(&self) -> impl Iterator<Item = &str> {
        self.modules.iter().filter(|m| m.len() == 2).map(|m| m[1].as_str())
    }
    /// Whether this is a module.
    pub fn is_module(&self, path: &[String]) -> bool {
        self.modules.contains(path)
    }

    /// Everything that is named, in the order of the files.
    pub fn named(&self) -> Vec<Named> {
        // A bare word that no glob can have brought is a name of this file, or of a `use` that is judged itself.
        let told = |r: &&Raw| {
            r.segments.len() > 1 || r.glob || r.binds.is_some() || self.globs.contains_key(&r.module)
        };
        let named = self.raw.iter().filter(told).map(|r| {
            let (file, of) = self.files[r.file].clone();
            let test = r.test || (1..=r.module.len()).any(|n| self.test_modules.contains(&r.module[..n]));
            Named { file, line: r.line, of, test, glob: r.glob, forms: self.forms(self.absolute(r)) }
        });
        named.collect()
    }

    /// What each `use` binds. A name may be bound in several blocks of one module: then it stands for all of them.
    fn link(&mut self) {
        for r in &self.raw {
            if let Some(name) = &r.binds {
                self.renames.entry((r.module.clone(), name.clone())).or_default();
            }
        }
        for r in self.raw.iter().filter(|r| r.glob && r.binds.is_none()) {
            self.globs.entry(r.module.clone()).or_default();
        }
        for r in &self.raw {
            let targets = self.absolute(r);
            match &r.binds {
                Some(name) => {
                    self.renames.entry((r.module.clone(), name.clone())).or_default().extend(targets)
                }
                None if r.glob => self.globs.entry(r.module.clone()).or_default().extend(targets),
                None => {}
            }
        }
    }

    /// The path from the root: of this crate, of another, or of either where only the compiler could tell.
    fn absolute(&self, r: &Raw) -> Vec<Path> {
        let mut segments = r.segments.as_slice();
        let mut base = r.module.clone();
        match segments.first().map(String::as_str) {
            _ if r.outside => vec![r.segments.clone()],
            Some("crate") => vec![r.segments.clone()],
            // The binary names its library so.
            Some("paramedic") => vec![[&["crate".to_string()], &segments[1..]].concat()],
            Some("self" | "super") => {
                while let Some(first @ ("self" | "super")) = segments.first().map(String::as_str) {
                    if first == "super" {
                        base.pop();
                    }
                    segments = &segments[1..];
                }
                vec![[&base, segments].concat()]
            }
            Some(first) => {
                let name = (base.clone(), first.to_string());
                let bound = r.binds.as_deref() != Some(first) && self.renames.contains_key(&name);
                let child = self.modules.contains(&[&base[..], &segments[..1]].concat());
                let here = [&base, segments].concat();
                // A glob does not look through itself.
                let local = bound || child || !r.glob && self.globs.contains_key(&base);
                local.then_some(here).into_iter().chain([r.segments.clone()]).collect()
            }
            None => vec![base],
        }
    }

    /// The paths and all that they stand for.
    fn forms(&self, mut forms: Vec<Path>) -> Vec<Path> {
        let mut at = 0;
        while at < forms.len() && forms.len() < 200 {
            let p = forms[at].clone();
            for n in 1..if p[0] == "crate" { p.len() } else { 0 } {
                let (module, name) = (p[..n].to_vec(), p[n].clone());
                let child = self.modules.contains(&p[..=n]);
                let globs = self.globs.get(&module).filter(|_| !child).into_iter().flatten();
                let mut next: Vec<Path> = globs.map(|g| [g, &p[n..]].concat()).collect();
                // A function may be named like a module, but nothing is below it.
                let last = n + 1 == p.len();
                let renamed =
                    self.renames.get(&(module, name)).filter(|_| last || !child).into_iter().flatten();
                next.extend(renamed.map(|target| [target, &p[n + 1..]].concat()));
                for form in next {
                    if form.len() < 30 && !forms.contains(&form) {
                        forms.push(form);
                    }
                }
                if !child {
                    break;
                }
            }
            at += 1;
        }
        forms
    }
}

/// `src/model/check.rs` is `crate::model::check`.
fn module_of(file: &str) -> Path {
    let inside = file.trim_start_matches("src/").trim_end_matches(".rs").split('/');
    let mut path: Path = std::iter::once("crate").chain(inside).map(str::to_string).collect();
    if matches!(path.last().map(String::as_str), Some("mod" | "lib")) {
        path.pop();
    }
    path
}

/// Files that a `#[path]` makes a module of another place.
fn moved(name: &str, file: &syn::File) -> Vec<(String, Path)> {
    let folder = name.rsplit_once('/').map_or("", |f| f.0);
    let mods = file.items.iter().filter_map(|i| if let Item::Mod(m) = i { Some(m) } else { None });
    let at = |m: &ItemMod| {
        let value = m.attrs.iter().filter(|a| a.path().is_ident("path")).find_map(|a| match &a.meta {
            Meta::NameValue(v) => Some(v.value.clone()),
            _ => None,
        })?;
        let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = value else { return None };
        let mut target: Vec<&str> = folder.split('/').collect();
        let text = text.value();
        for part in text.split('/') {
            if part == ".." {
                target.pop();
            } else {
                target.push(part);
            }
        }
        let module = [module_of(name), vec![m.ident.to_string()]].concat();
        Some((target.join("/"), module))
    };
    mods.filter_map(at).collect()
}

fn unsafe_words(tokens: TokenStream, lines: &mut Vec<usize>) {
    for token in tokens {
        match token {
            TokenTree::Ident(i) if i == "unsafe" || i == "unsafe_code" => lines.push(i.span().start().line),
            TokenTree::Group(g) => unsafe_words(g.stream(), lines),
            _ => {}
        }
    }
}

struct Visitor<'c> {
    found: &'c mut Crate,
    file: usize,
    module: Path,
    test: bool,
}

impl Visitor<'_> {
    fn add(&mut self, line: usize, outside: bool, segments: Path, glob: bool, binds: Option<String>) {
        let (module, test) = (self.module.clone(), self.test);
        let raw = Raw { file: self.file, line, module, test, glob, outside, segments, binds };
        self.found.raw.push(raw);
    }

    fn tree(&mut self, tree: &UseTree, prefix: &[String], outside: bool) {
        let line = tree.span().start().line;
        let with = |name: String| match name.as_str() {
            "self" if !prefix.is_empty() => prefix.to_vec(),
            _ => [prefix, &[name]].concat(),
        };
        match tree {
            UseTree::Path(p) => self.tree(&p.tree, &with(p.ident.to_string()), outside),
            UseTree::Group(g) => g.items.iter().for_each(|t| self.tree(t, prefix, outside)),
            UseTree::Glob(_) => self.add(line, outside, prefix.to_vec(), true, None),
            UseTree::Name(n) => {
                let path = with(n.ident.to_string());
                let binds = path.last().cloned();
                self.add(line, outside, path, false, binds);
            }
            UseTree::Rename(r) => {
                let path = with(r.ident.to_string());
                self.add(line, outside, path, false, Some(r.rename.to_string()));
            }
        }
    }

    /// Paths among tokens that no parser knows the meaning of: the arguments of macros and attributes.
    fn tokens(&mut self, tokens: TokenStream) {
        let all: Vec<TokenTree> = tokens.into_iter().collect();
        let mut i = 0;
        while i < all.len() {
            match &all[i] {
                TokenTree::Group(g) => self.tokens(g.stream()),
                TokenTree::Ident(word) if word == "use" => {
                    let end = all[i..].iter().position(is(';')).map_or(all.len(), |n| i + n + 1);
                    if let Ok(item) = syn::parse2::<ItemUse>(all[i..end].iter().cloned().collect()) {
                        self.tree(&item.tree, &[], item.leading_colon.is_some());
                        i = end;
                        continue;
                    }
                }
                TokenTree::Ident(_) => {
                    i = self.path(&all, i);
                    continue;
                }
                _ => {}
            }
            i += 1;
        }
    }

    /// A path that begins at this word; where it ends.
    fn path(&mut self, all: &[TokenTree], start: usize) -> usize {
        let line = all[start].span().start().line;
        let outside = start >= 2 && colons(all, start - 2) && !(start >= 3 && is_word(&all[start - 3]));
        let (mut segments, mut i) = (vec![all[start].to_string()], start + 1);
        while colons(all, i) {
            match all.get(i + 2) {
                Some(TokenTree::Ident(word)) => segments.push(word.to_string()),
                Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Brace => {
                    let word = TokenTree::Ident(Ident::new("use", all[start].span()));
                    let end = TokenTree::Punct(Punct::new(';', Spacing::Alone));
                    let path = all[start..i + 2].iter().cloned().chain([g.clone().into()]);
                    let item: TokenStream = [word].into_iter().chain(path).chain([end]).collect();
                    if let Ok(item) = syn::parse2::<ItemUse>(item) {
                        self.tree(&item.tree, &[], outside);
                    }
                    return i + 2;
                }
                // What a macro puts here may be anything below.
                Some(TokenTree::Punct(p)) if p.as_char() == '$' || p.as_char() == '*' => {
                    self.add(line, outside, segments, true, None);
                    return i + 3;
                }
                _ => break,
            }
            i += 3;
        }
        self.add(line, outside, segments, false, None);
        i
    }
}

fn is(c: char) -> impl Fn(&TokenTree) -> bool {
    move |t| matches!(t, TokenTree::Punct(p) if p.as_char() == c)
}
fn is_word(t: &TokenTree) -> bool {
    matches!(t, TokenTree::Ident(_))
}
fn colons(all: &[TokenTree], i: usize) -> bool {
    let first = matches!(all.get(i), Some(TokenTree::Punct(p)) if p.as_char() == ':' && p.spacing() == Spacing::Joint);
    first && all.get(i + 1).is_some_and(is(':'))
}

fn for_tests(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|a| match &a.meta {
        Meta::List(l) => l.path.is_ident("cfg") && l.tokens.to_string() == "test",
        _ => false,
    })
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.tree(&item.tree, &[], item.leading_colon.is_some());
    }
    fn visit_item_extern_crate(&mut self, item: &'ast ItemExternCrate) {
        let name = item.rename.as_ref().map_or(&item.ident, |r| &r.1).to_string();
        self.add(item.span().start().line, true, vec![item.ident.to_string()], false, Some(name));
    }
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.module.push(item.ident.to_string());
        let test = self.test;
        self.test |= for_tests(&item.attrs);
        if self.test {
            self.found.test_modules.insert(self.module.clone());
        }
        if item.content.is_some() {
            self.found.modules.insert(self.module.clone());
        }
        visit::visit_item_mod(self, item);
        self.test = test;
        self.module.pop();
    }
    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        if let Some(name) =
            item.ident.as_ref().filter(|_| item.attrs.iter().any(|a| a.path().is_ident("macro_export")))
        {
            // Such a macro is named as if the root of the crate had it.
            let target = [&self.module[..], &[name.to_string()]].concat();
            self.found.renames.entry((vec!["crate".into()], name.to_string())).or_default().push(target);
        }
        visit::visit_item_macro(self, item);
    }
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|s| s.ident.to_string()).collect();
        self.add(path.span().start().line, path.leading_colon.is_some(), segments, false, None);
        visit::visit_path(self, path);
    }
    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.tokens(mac.tokens.clone());
        visit::visit_macro(self, mac);
    }
    fn visit_attribute(&mut self, attr: &'ast Attribute) {
        if let Meta::List(list) = &attr.meta {
            self.tokens(list.tokens.clone());
        }
        visit::visit_attribute(self, attr);
    }
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {
        // Who may see it is not what it names.
    }
}
