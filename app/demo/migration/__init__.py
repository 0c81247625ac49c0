"""The migration of the story in small: the sites' files on both servers, read three times before and once after."""
