//! Finding a call by method and path: one walk over a tree of segments, no pattern matching.

use super::{Route, Verb};

/// What a method and path lead to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found {
    /// A call.
    Route(&'static Route),
    /// The path exists with other methods, as for an `Allow` header.
    OtherMethods(Methods),
    /// No such path.
    Nothing,
}

/// The calls of one path, by verb.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Methods([Option<&'static Route>; Verb::ALL.len()]);

/// All calls, by segment.
#[derive(Debug, Default)]
pub(crate) struct RouteTree {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    fixed: Vec<(&'static str, Node)>,
    any: Option<Box<Node>>,
    rest: Option<Methods>,
    methods: Option<Methods>,
}

impl Methods {
    /// The verbs as an `Allow` header lists them.
    #[must_use]
    pub(crate) fn allow(&self) -> String {
        let verbs = self.0.iter().flatten().map(|route| match route.verb {
            Verb::Get => "GET, HEAD",
            verb => verb.as_str(),
        });
        let verbs: Vec<&str> = verbs.collect();
        verbs.join(", ")
    }
}

impl RouteTree {
    /// Builds the tree.
    ///
    /// # Panics
    /// When two calls have the same method and path: the first start shows it.
    pub(crate) fn new(routes: impl Iterator<Item = &'static Route>) -> Self {
        let mut tree = Self::default();
        for route in routes {
            let slot = &mut tree.root.methods_at(route.path)[route.verb as usize];
            assert!(slot.is_none(), "{} {} is in the table twice", route.verb.as_str(), route.path);
            *slot = Some(route);
        }
        tree
    }

    /// Finds the call.
    #[must_use]
    pub(crate) fn find(&self, method: &str, path: &str) -> Found {
        let Some(methods) = path.strip_prefix('/').and_then(|path| self.root.walk(path)) else { return Found::Nothing };
        match Verb::parse(method).and_then(|verb| methods.0[verb as usize]) {
            Some(route) => Found::Route(route),
            None => Found::OtherMethods(*methods),
        }
    }
}

impl Node {
    /// The methods at a path of the table, made if need be.
    fn methods_at(&mut self, path: &'static str) -> &mut [Option<&'static Route>] {
        let mut node = self;
        for segment in path.split('/').skip(1) {
            if segment.starts_with("{*") {
                return &mut node.rest.get_or_insert_default().0;
            }
            node = if segment.starts_with('{') {
                node.any.get_or_insert_default()
            } else {
                let known = node.fixed.iter().position(|(name, _)| *name == segment);
                let at = known.unwrap_or_else(|| {
                    node.fixed.push((segment, Self::default()));
                    node.fixed.len() - 1
                });
                &mut node.fixed[at].1
            };
        }
        &mut node.methods.get_or_insert_default().0
    }

    /// Follows a path without its leading slash; a fixed segment is preferred to a variable one.
    fn walk(&self, path: &str) -> Option<&Methods> {
        let (segment, following) = match path.split_once('/') {
            Some((segment, following)) => (segment, Some(following)),
            None => (path, None),
        };
        let fixed = self.fixed.iter().find(|(name, _)| *name == segment).map(|(_, node)| node);
        let any = self.any.as_deref().filter(|_| !matches!(segment, "" | "." | ".."));
        [fixed, any]
            .into_iter()
            .flatten()
            .find_map(|node| match following {
                Some(following) => node.walk(following),
                None => node.methods.as_ref(),
            })
            .or(self.rest.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::{Local, Target, all};

    fn find(method: &str, path: &str) -> String {
        match RouteTree::new(all()).find(method, path) {
            Found::Route(route) => route.path.to_owned(),
            Found::OtherMethods(methods) => format!("405 {}", methods.allow()),
            Found::Nothing => "404".to_owned(),
        }
    }

    #[test]
    fn fixed_segments_come_first_and_the_rest_is_exact() {
        assert_eq!(find("GET", "/api/v1/rules"), "/api/v1/rules");
        assert_eq!(find("POST", "/api/v1/rules/test"), "/api/v1/rules/test");
        assert_eq!(find("GET", "/api/v1/rules/test"), "405 POST");
        assert_eq!(find("GET", "/api/v1/integrations/providers"), "/api/v1/integrations/providers");
        assert_eq!(find("GET", "/api/v1/integrations/webhooks/deliveries"), "/api/v1/integrations/{id}/deliveries");
        assert_eq!(find("GET", "/docs/index.css"), "/docs/{*file}");
        assert_eq!(find("GET", "/docs/"), "/docs/{*file}");
        for nothing in
            ["", "/", "rules", "/api/v1/rules/", "/api/v1//rules", "/api/v1/rules/..", "/API/v1/rules", "/healthy"]
        {
            assert_eq!(find("GET", nothing), "404", "{nothing:?}");
        }
    }

    #[test]
    fn other_methods_are_told() {
        assert_eq!(find("PUT", "/api/v1/rules"), "405 GET, HEAD, POST");
        assert_eq!(find("DELETE", "/api/v1/events"), "405 GET, HEAD");
        assert_eq!(find("PUT", "/api/v1/rules/1"), "405 GET, HEAD, PATCH, DELETE");
    }

    #[test]
    fn every_route_is_reachable_and_every_local_one_is_there_once() {
        let tree = RouteTree::new(all());
        let mut local = Vec::new();
        for route in all() {
            let path = route.path.replace("{*file}", "x/y").replace(['{', '}'], "");
            let Found::Route(found) = tree.find(route.verb.as_str(), &path) else {
                panic!("{} {} is not reachable", route.verb.as_str(), route.path)
            };
            assert!(std::ptr::eq(found, route), "{} is hidden by {}", route.path, found.path);
            if let Target::Local(handler) = route.target {
                assert!(!local.contains(&handler), "{handler:?} is in the table twice");
                local.push(handler);
            }
        }
        assert_eq!(local.len(), Local::ShowReady as usize + 1, "every handler is in the table");
    }
}
