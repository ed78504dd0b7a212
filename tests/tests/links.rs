//! Every link of every page leads somewhere: to a file that is there, and to a heading that is in it. Nothing is asked of the network.

#[path = "common/pages.rs"]
mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use pages::{page_files, root};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// What registries show, where no other file lies beside the page.
const PACKAGED: [&str; 2] = ["core/README.md", "wasm/README.md"];

struct Page {
    links: Vec<String>,
    anchors: BTreeSet<String>,
}

impl Page {
    fn read(text: &str) -> Self {
        let (mut links, mut anchors, mut heading) = (Vec::new(), BTreeSet::new(), None::<String>);
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    links.push(dest_url.into_string())
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::Text(text) | Event::Code(text) => heading.iter_mut().for_each(|heading| *heading += &text),
                Event::End(TagEnd::Heading(_)) => {
                    let slug = slug(&heading.take().unwrap());
                    let twice = (1..).map(|count| format!("{slug}-{count}")).find(|other| !anchors.contains(other));
                    let anchor = if anchors.contains(&slug) { twice.unwrap() } else { slug };
                    anchors.insert(anchor);
                }
                // A picture that differs in the dark.
                Event::Html(html) | Event::InlineHtml(html) => {
                    let quoted = |name: &str| {
                        html.split(name)
                            .skip(1)
                            .filter_map(|rest| rest.split('"').next())
                            .map(String::from)
                            .collect::<Vec<_>>()
                    };
                    links.extend([" src=\"", " srcset=\"", " href=\""].into_iter().flat_map(quoted));
                }
                _ => {}
            }
        }
        Self { links, anchors }
    }
}

/// As GitHub and mdBook make an anchor of a heading.
fn slug(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Without `..`, and without asking the file system.
fn normal(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut normal, component| {
        if component == Component::ParentDir {
            normal.pop()
        } else {
            normal.push(component);
            true
        };
        normal
    })
}

/// The file that a link leads to and the anchor in it; `None` for one that leaves the repository.
fn target(page: &Path, link: &str) -> Option<(PathBuf, Option<String>)> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor.to_owned())));
    let path = if file.is_empty() { page.to_owned() } else { normal(&page.parent().unwrap().join(file)) };
    Some((path, anchor))
}

fn pages() -> BTreeMap<PathBuf, Page> {
    let read = |path: PathBuf| (path.clone(), Page::read(&fs::read_to_string(path).unwrap()));
    page_files().into_iter().map(read).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let pages = pages();
    let (mut broken, mut followed) = (Vec::new(), 0);
    for (path, page) in &pages {
        for link in &page.links {
            let Some((file, anchor)) = target(path, link) else { continue };
            followed += 1;
            let there = file.starts_with(root()) && file.exists();
            let found = anchor.is_none_or(|anchor| pages.get(&file).is_some_and(|page| page.anchors.contains(&anchor)));
            if !there || !found {
                broken.push(format!("{}: {link}", path.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(followed > 100, "{followed}");
    assert_eq!(broken, [""; 0]);
}

#[test]
fn every_chapter_of_the_guide_is_in_its_summary_and_opens_with_what_one_will_be_able_to_do() {
    let folder = root().join("docs/guide/src");
    let pages = pages();
    let summary = folder.join("SUMMARY.md");
    let named: BTreeSet<_> = pages[&summary].links.iter().map(|link| target(&summary, link).unwrap().0).collect();
    let chapters: BTreeSet<_> =
        pages.keys().filter(|path| path.starts_with(&folder) && **path != summary).cloned().collect();
    assert!(chapters.len() >= 10);
    assert_eq!(named, chapters);
    for chapter in chapters {
        let text = fs::read_to_string(&chapter).unwrap();
        let opening = text.split("\n\n").nth(1).unwrap_or_default();
        assert!(opening.starts_with("**After this "), "{}: {opening}", chapter.display());
    }
}

#[test]
fn the_front_page_leads_to_every_page_of_docs() {
    let (pages, front) = (pages(), root().join("README.md"));
    let linked: BTreeSet<_> = pages[&front].links.iter().filter_map(|link| Some(target(&front, link)?.0)).collect();
    let docs = pages.keys().filter(|path| path.parent() == Some(&root().join("docs")));
    let missing: Vec<_> = docs.filter(|path| !linked.contains(*path)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(linked.contains(&root().join("docs/guide/src/introduction.md")));
}

#[test]
fn a_page_that_a_registry_shows_links_to_no_file_beside_it() {
    let pages = pages();
    for name in PACKAGED {
        let path = root().join(name);
        let beside: Vec<_> = pages[&path]
            .links
            .iter()
            .filter(|link| target(&path, link).is_some_and(|(file, _)| file != path))
            .collect();
        assert!(beside.is_empty(), "{name}: {beside:?}");
    }
}

#[test]
fn an_anchor_is_made_as_readers_know_it() {
    assert_eq!(slug("What it costs"), "what-it-costs");
    assert_eq!(slug("1. `x`, it's there!"), "1-x-its-there");
    let page = Page::read(
        "# A\n\n# A\n\n[x](y.md#z) `[no](link.md)`\n\n```text\n[no](link.md)\n```\n\n<img width=\"9\" src=\"p.webp\">\n",
    );
    assert_eq!((page.links, page.anchors), (vec!["y.md#z".into(), "p.webp".into()], ["a".into(), "a-1".into()].into()));
}
